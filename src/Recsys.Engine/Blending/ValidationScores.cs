using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Blending;

/// <summary>
/// Gathers what models, one after the other, say of held-out users, so that only one of them need be in memory. Of each
/// user the items are kept that any model ranks high, and those to be found.
/// </summary>
internal sealed class ValidationScores
{
    /// <summary>Bytes of scores kept at most: with many items fewer users are taken.</summary>
    public const long MaxBytes = 1_500_000_000;

    private const int LeastCandidates = 200;

    private readonly EvaluationTask _task;
    private readonly Metric _metric;
    private readonly ulong _seed;
    private readonly ComputePool _pool;
    private readonly float[][]?[] _scores;
    private RelevanceSets? _sets;
    private int[] _positions = [];
    private int[] _historyLengths = [];
    private ulong[][] _candidates = [];
    private int _items;

    /// <summary>Prepares for the users of a task.</summary>
    /// <param name="task">Held-out users in the indices that all the models share.</param>
    /// <param name="metric">What is to be measured: tells how far down rankings matter.</param>
    /// <param name="members">How many models there will be.</param>
    /// <param name="seed">Chooses the users where there are too many.</param>
    /// <param name="pool">Threads.</param>
    public ValidationScores(EvaluationTask task, Metric metric, int members, ulong seed, ComputePool pool)
    {
        _task = task;
        _metric = metric;
        _scores = new float[members][][];
        _seed = seed;
        _pool = pool;
    }

    /// <summary>Bytes that scores of validation users take at most.</summary>
    public static long EstimateBytes(int users, int items, int members) =>
        Math.Min(MaxBytes, 4L * Math.Min(users, BlendOptions.MaxUsers) * items * members);

    /// <summary>Scores the users with one of the models, in any order.</summary>
    /// <param name="member">Which of them it is.</param>
    /// <param name="model">The model.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public void Add(int member, IRecommenderModel model, CancellationToken cancellationToken)
    {
        _task.RequireFits(model);
        if (_sets is null)
        {
            Choose(model);
        }

        var rows = new float[_positions.Length][];
        int top = Math.Min(_items, Math.Max(LeastCandidates, 3 * _metric.K));
        var best = new ScoredItem[_pool.Threads][];
        _pool.Run(
            rows.Length,
            (worker, u) =>
            {
                best[worker] ??= new ScoredItem[top];
                int row = _sets!.Rows[_positions[u]];
                var scores = rows[u] = new float[_items];
                model.Score(_task.Profile(model, row), scores);
                float scale = ScoreScale.InverseDeviation(scores);
                foreach (ref float score in scores.AsSpan())
                {
                    score *= scale;
                }

                int found = TopN.Select(scores, _task.History(model, row), ItemFilter.Default, best[worker]);
                foreach (var item in best[worker].AsSpan(0, found))
                {
                    _candidates[u][item.Item >> 6] |= 1UL << (item.Item & 63);
                }
            },
            cancellationToken);
        _scores[member] = rows;
    }

    /// <summary>What is known of each user, once all the models are added.</summary>
    public IReadOnlyList<ValidationSample> ToSamples()
    {
        var samples = new ValidationSample[_positions.Length];
        _pool.Run(samples.Length, (_, u) => samples[u] = Sample(u));
        return samples;
    }

    private void Choose(IRecommenderModel model)
    {
        _sets = RelevanceSets.Of(_task, model, unknownAsMisses: false);
        _items = model.Items.Count;
        if (_sets.Rows.Length == 0)
        {
            throw new RecsysException("blend: no validation user has a held-out item, so the weights cannot be fitted");
        }

        long most = Math.Max(1, MaxBytes / (4L * _items * _scores.Length));
        int users = (int)Math.Min(_sets.Rows.Length, Math.Min(BlendOptions.MaxUsers, most));
        int[] order = [.. Enumerable.Range(0, _sets.Rows.Length)];
        Array.Sort(Array.ConvertAll(order, p => SplitMix64.ForStream(_seed, (ulong)_sets.Rows[p]).Next()), order);
        _positions = [.. order.Take(users)];
        _historyLengths = Array.ConvertAll(_positions, p => _task.History(model, _sets.Rows[p]).Length);
        _candidates = Array.ConvertAll(_positions, _ => new ulong[(_items + 63) / 64]);
    }

    private ValidationSample Sample(int u)
    {
        var relevant = _sets!.Items(_positions[u]);
        var items = new List<int>();
        for (int i = 0; i < _items; i++)
        {
            if ((_candidates[u][i >> 6] >> (i & 63) & 1) != 0)
            {
                items.Add(i);
            }
        }

        var scores = new float[_scores.Length * items.Count];
        for (int m = 0; m < _scores.Length; m++)
        {
            for (int c = 0; c < items.Count; c++)
            {
                scores[(m * items.Count) + c] = _scores[m]![u][items[c]];
            }
        }

        var places = new List<int>();
        foreach (int item in relevant)
        {
            int place = items.BinarySearch(item);
            if (place >= 0)
            {
                places.Add(place);
            }
        }

        return new ValidationSample(_historyLengths[u], scores, items.Count, [.. places], relevant.Length);
    }
}
