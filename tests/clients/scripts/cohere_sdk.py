"""cohere for Python: rerank by both clients."""

import cohere
from checks import KEY, ROOT, done

DOCUMENTS = ["Paris is in France.", "A cat sleeps."]
for kind in (cohere.Client, cohere.ClientV2):
    client = kind(KEY, base_url=ROOT)
    ranked = client.rerank(model="qwen3-reranker:4b", query="Where is Paris?", documents=DOCUMENTS)
    assert ranked.results[0].index == 0, ranked
done("cohere", "rerank by `Client` and `ClientV2`")
