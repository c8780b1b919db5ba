namespace Recsys.Engine.Evaluation;

/// <summary>What a metric measures; docs/evaluation.md has the exact definitions.</summary>
public enum MetricKind
{
    /// <summary>hits / min(K, held-out): 1 is reachable at every K (Liang et al. 2018).</summary>
    Recall,

    /// <summary>hits / held-out: the plain recall of the LightGCN line of work.</summary>
    RecallFull,

    /// <summary>DCG / ideal DCG, binary gains, log2 discount, both cut at K.</summary>
    Ndcg,

    /// <summary>hits / K.</summary>
    Precision,

    /// <summary>1 where at least one of the K is a hit, else 0.</summary>
    HitRate,

    /// <summary>1 / rank of the first hit among the K, 0 without one.</summary>
    Mrr,

    /// <summary>Mean over min(K, held-out) of the precision at the rank of each hit among the K.</summary>
    Map,

    /// <summary>Share of the catalogue that is recommended to at least one user.</summary>
    Coverage,

    /// <summary>Mean over the recommended items of −log2 of their share of the training interactions, in bits.</summary>
    Novelty,

    /// <summary>Gini coefficient of how often each item of the catalogue is recommended: 0 equal, near 1 few items take all.</summary>
    Gini,
}
