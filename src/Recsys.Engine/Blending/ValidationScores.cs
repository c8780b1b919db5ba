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
    private readonly ComputePool _pool;
    private readonly float[][]?[] _scores;
    private readonly RelevanceSets _sets;
    private readonly int[] _positions;
    private readonly ulong[][] _candidates;
    private readonly int _items;
    private readonly int[][] _histories;

    /// <summary>Chooses the users.</summary>
    /// <param name="task">Held-out users in the indices that all the models share.</param>
    /// <param name="reference">Any model with these indices and histories; not kept.</param>
    /// <param name="metric">What is to be measured: tells how far down rankings matter.</param>
    /// <param name="members">How many models there will be.</param>
    /// <param name="seed">Chooses the users where there are too many.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="RecsysException">No user has a held-out item.</exception>
    public ValidationScores(EvaluationTask task, IRecommenderModel reference, Metric metric, int members, ulong seed, ComputePool pool)
    {
        task.RequireFits(reference);
        _task = task;
        _metric = metric;
        _scores = new float[members][][];
        _pool = pool;
        _items = reference.Items.Count;
        _sets = RelevanceSets.Of(task, reference, unknownAsMisses: false);
        if (_sets.Rows.Length == 0)
        {
            throw new RecsysException("blend: no validation user has a held-out item, so the weights cannot be fitted");
        }

        long most = Math.Max(1, MaxBytes / (4L * _items * members));
        int users = (int)Math.Min(_sets.Rows.Length, Math.Min(BlendOptions.MaxUsers, most));
        int[] order = [.. Enumerable.Range(0, _sets.Rows.Length)];
        Array.Sort(Array.ConvertAll(order, p => SplitMix64.ForStream(seed, (ulong)_sets.Rows[p]).Next()), order);
        _positions = [.. order.Take(users)];
        _histories = Array.ConvertAll(_positions, p => task.History(reference, _sets.Rows[p]).ToArray());
        _candidates = Array.ConvertAll(_positions, _ => new ulong[(_items + 63) / 64]);
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
        Add(member, (row, scores) => model.Score(_task.Profile(model, row), scores), cancellationToken);
    }

    /// <summary>Takes the scores that a function gives for the user of a row of the task.</summary>
    public void Add(int member, Action<int, float[]> score, CancellationToken cancellationToken)
    {
        var rows = new float[_positions.Length][];
        int top = Math.Min(_items, Math.Max(LeastCandidates, 3 * _metric.K));
        var best = new ScoredItem[_pool.Threads][];
        _pool.Run(
            rows.Length,
            (worker, u) =>
            {
                best[worker] ??= new ScoredItem[top];
                var scores = rows[u] = new float[_items];
                score(_sets.Rows[_positions[u]], scores);
                float scale = ScoreScale.InverseDeviation(scores);
                foreach (ref float value in scores.AsSpan())
                {
                    value *= scale;
                }

                int found = TopN.Select(scores, _histories[u], ItemFilter.Default, best[worker]);
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

    private ValidationSample Sample(int u)
    {
        var relevant = _sets.Items(_positions[u]);
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

        return new ValidationSample(_histories[u].Length, scores, items.Count, [.. places], relevant.Length);
    }
}
