using Recsys.Engine.Models;

namespace Recsys.Engine.Evaluation;

/// <summary>
/// Ranks for one user after another and stores their values: one worker's scratch memory. Values go to places that
/// belong to the user alone; counts of recommended items are integers, whose sum over workers has no order.
/// </summary>
internal sealed class UserEvaluation
{
    private const int Relevant = 1;
    private const int Seen = 2;
    private const int Returned = 3;

    private readonly EvaluationPlan _plan;
    private readonly IRecommenderModel _model;
    private readonly EvaluationTask _task;
    private readonly RelevanceSets _sets;
    private readonly PopularityBands _bands;
    private readonly RankingMetrics _metrics;
    private readonly double[][] _values;
    private readonly ScoredItem[] _ranking;
    private readonly byte[] _marks;
    private readonly int[] _hits;
    private readonly int[][] _bandHits;
    private readonly int[] _bandHitCounts = new int[PopularityBands.Count];
    private readonly int[] _bandRelevant = new int[PopularityBands.Count];
    private readonly double[] _information;

    public UserEvaluation(
        EvaluationPlan plan,
        IRecommenderModel model,
        EvaluationTask task,
        RelevanceSets sets,
        PopularityBands bands,
        RankingMetrics metrics,
        double[][] values)
    {
        _plan = plan;
        _model = model;
        _task = task;
        _sets = sets;
        _bands = bands;
        _metrics = metrics;
        _values = values;
        _ranking = new ScoredItem[plan.ListLength];
        _marks = new byte[model.Items.Count];
        _hits = new int[plan.ListLength];
        _bandHits = [.. Enumerable.Range(0, PopularityBands.Count).Select(_ => new int[plan.ListLength])];
        _information = new double[plan.ListLength + 1];
        Counts = [.. plan.CountCutoffs.Select(_ => new int[model.Items.Count])];
    }

    /// <summary>How often each item was recommended within each of the plan's count cutoffs.</summary>
    public int[][] Counts { get; }

    /// <summary>Held-out items to be found, by band.</summary>
    public long[] HeldOut { get; } = new long[PopularityBands.Count];

    /// <summary>Users with any of them, by band.</summary>
    public int[] Users { get; } = new int[PopularityBands.Count];

    public void Run(int position)
    {
        int row = _sets.Rows[position];
        var profile = _task.Profile(_model, row);
        var history = _task.History(_model, row);
        var relevant = _sets.Items(position);
        int found = _model.Recommend(profile, ItemFilter.Default, _ranking);
        var ranking = _ranking.AsSpan(0, found);

        Mark(history, Seen);
        Mark(relevant, Relevant);
        int hits = Rank(ranking, row);
        Mark(history, 0);
        Mark(relevant, 0);
        foreach (var entry in ranking)
        {
            _marks[entry.Item] = 0;
        }

        CountRelevant(relevant, _sets.Missing(position));
        Store(position, _hits.AsSpan(0, hits), relevant.Length + _sets.Missing(position), found);
    }

    private void Mark(ReadOnlySpan<int> items, byte mark)
    {
        foreach (int item in items)
        {
            _marks[item] = mark;
        }
    }

    /// <summary>Goes through the ranking: ranks of the hits, overall and by band; information; counts.</summary>
    private int Rank(ReadOnlySpan<ScoredItem> ranking, int row)
    {
        int hits = 0;
        _bandHitCounts.AsSpan().Clear();
        for (int rank = 0; rank < ranking.Length; rank++)
        {
            int item = ranking[rank].Item;
            byte mark = _marks[item];
            if (mark >= Seen)
            {
                throw new RecsysException(
                    $"evaluation: {_model.Algorithm} recommended item '{_model.Items[item]}' {(mark == Seen ? "of the user's own history" : "twice")} for user row {row}");
            }

            if (mark == Relevant)
            {
                int band = (int)_bands.BandOf(item);
                _hits[hits++] = rank;
                _bandHits[band][_bandHitCounts[band]++] = rank;
            }

            _marks[item] = Returned;
            _information[rank + 1] = _information[rank] + Information(item);
        }

        for (int c = 0; c < Counts.Length; c++)
        {
            foreach (var entry in ranking[..Math.Min(ranking.Length, _plan.CountCutoffs[c])])
            {
                Counts[c][entry.Item]++;
            }
        }

        return hits;
    }

    /// <summary>−log2 of the item's share of the training interactions; one never seen counts like one seen once.</summary>
    private double Information(int item) =>
        Math.Log2(Math.Max(1, _bands.Total)) - Math.Log2(Math.Max(1, _bands.Popularity(item)));

    private void CountRelevant(ReadOnlySpan<int> relevant, int missing)
    {
        _bandRelevant.AsSpan().Clear();
        foreach (int item in relevant)
        {
            _bandRelevant[(int)_bands.BandOf(item)]++;
        }

        // an item that training never saw has no popularity
        _bandRelevant[(int)PopularityBand.Tail] += missing;
        for (int b = 0; b < PopularityBands.Count; b++)
        {
            HeldOut[b] += _bandRelevant[b];
            Users[b] += _bandRelevant[b] > 0 ? 1 : 0;
        }
    }

    private void Store(int position, ReadOnlySpan<int> hits, int relevant, int found)
    {
        for (int m = 0; m < _plan.Overall.Length; m++)
        {
            _values[m][position] = Value(_plan.Overall[m], hits, relevant, found);
        }

        for (int b = 0; b < PopularityBands.Count; b++)
        {
            var bandHits = _bandHits[b].AsSpan(0, _bandHitCounts[b]);
            for (int m = 0; m < _plan.Banded.Length; m++)
            {
                _values[_plan.BandColumn(b) + m][position] =
                    _bandRelevant[b] == 0 ? double.NaN : _metrics.Value(_plan.Banded[m], bandHits, _bandRelevant[b]);
            }
        }

        for (int m = 0; m < _plan.Curves.Length; m++)
        {
            _values[_plan.CurveColumn + m][position] = Value(_plan.Curves[m], hits, relevant, found);
        }
    }

    private double Value(Metric metric, ReadOnlySpan<int> hits, int relevant, int found)
    {
        if (metric.Kind != MetricKind.Novelty)
        {
            return _metrics.Value(metric, hits, relevant);
        }

        int length = Math.Min(found, metric.K);
        return length == 0 ? double.NaN : _information[length] / length;
    }
}
