"""The whole path: customers in, segments out."""

from conftest import INCOME, SCORE, fit, put_csv


def test_x(client, sample_csv):
    import json

    put_csv(client, "sample", sample_csv)
    print(json.dumps(client.get("/v1/datasets/sample").json(), indent=1)[:1500])
    for alg in ({"name": "kmeans"}, {"name": "hierarchical"}):
        version = fit(client, "s-" + alg["name"], algorithm=alg)
        print(json.dumps(version, indent=1)[:6000])
        a = client.post(
            f"/v1/models/s-{alg['name']}/assignments?explain=true",
            json={"customers": [{INCOME: 90, SCORE: 88, "id": 3}, {INCOME: True}, {INCOME: 1e300, "customer_id": 7}]},
        )
        print(a.status_code, json.dumps(a.json(), indent=1))
        s = client.get(f"/v1/models/s-{alg['name']}/versions/production/segments")
        print(json.dumps(s.json(), indent=1)[:3000])
