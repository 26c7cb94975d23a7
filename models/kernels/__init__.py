"""The few computations whose speed decides; each says what plainer code it must agree with."""
