using System.Buffers;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Online;

/// <summary>What readers ask for, under the shared lock.</summary>
internal sealed partial class OnlineState
{
    public const string EaseModel = "ease";
    public const string AlsModel = "als";
    public const string LmfModel = "lmf";
    public const string PopularityModel = "popularity";

    /// <summary>The models there are, the one that answers by default first.</summary>
    public IReadOnlyList<string> Models { get; private set; } = [];

    /// <summary>Runs a reading of ids and histories; nothing changes meanwhile.</summary>
    public T Read<T>(Func<OnlineState, T> reading)
    {
        _lock.EnterReadLock();
        try
        {
            return reading(this);
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    // The members below are for use inside Read.

    /// <summary>Ids of the users.</summary>
    internal IdTable UserIds => _users;

    /// <summary>Ids of the items.</summary>
    internal IdTable ItemIds => _items;

    /// <summary>Users forgotten since the state was opened.</summary>
    internal int Forgotten { get; private set; }

    /// <summary>Histories.</summary>
    internal OnlineHistories Histories => _histories;

    /// <summary>Users of each item.</summary>
    internal IReadOnlyList<int> ItemUsers => _itemUsers;

    /// <summary>The popularity of items.</summary>
    internal DecayedPopularity Popularity => _popularity;

    /// <summary>A model's name, checked.</summary>
    internal string ModelOf(string? name) => name is null
        ? Models[0]
        : Models.Contains(name) ? name : throw new InvalidOptionException($"unknown model '{name}'; there are {string.Join(", ", Models)}");

    /// <summary>Scores the first <paramref name="scores"/>.Length items for a user.</summary>
    internal void Score(string model, int user, Span<float> scores)
    {
        switch (model)
        {
            case EaseModel:
                using (var history = new PositiveItems(_histories.Items(user), _histories.Weights(user)))
                {
                    _ease!.Score(history.Items, default, scores);
                }

                break;
            case AlsModel:
                _als!.Score(_als.UserFactors(user, _histories), scores);
                break;
            case LmfModel:
                _lmf!.Score(user, scores);
                break;
            default:
                _popularity.Score(scores);
                break;
        }
    }

    /// <summary>Scores the first items for any history.</summary>
    internal void Score(string model, ReadOnlySpan<int> items, ReadOnlySpan<float> weights, Span<float> scores)
    {
        switch (model)
        {
            case EaseModel:
                using (var history = new PositiveItems(items, weights))
                {
                    _ease!.Score(history.Items, default, scores);
                }

                break;
            case AlsModel:
                _als!.Score(_als.FoldIn(items, weights), scores);
                break;
            case LmfModel:
                _lmf!.Score(items, weights, scores);
                break;
            default:
                _popularity.Score(scores);
                break;
        }
    }

    /// <summary>The best items for a user (−1: for a history), best first; returns how many there are.</summary>
    internal int Top(
        string model, int user, ReadOnlySpan<int> history, ReadOnlySpan<float> weights, ItemFilter filter, Span<ScoredItem> results)
    {
        if (model == AlsModel)
        {
            float[] factors = user >= 0 ? _als!.UserFactors(user, _histories) : _als!.FoldIn(history, weights);
            if (_als.TryTop(factors, _items.Count, history, filter, results, out int found))
            {
                return found;
            }
        }

        float[] rented = ArrayPool<float>.Shared.Rent(Math.Max(1, _items.Count));
        var scores = rented.AsSpan(0, _items.Count);
        if (user >= 0)
        {
            Score(model, user, scores);
        }
        else
        {
            Score(model, history, weights, scores);
        }

        int count = TopN.Select(scores, history, filter, results);
        ArrayPool<float>.Shared.Return(rented);
        return count;
    }

    /// <summary>What each item of a history adds to the score of an item, strongest first; empty where the model cannot say.</summary>
    internal ScoredItem[] Explain(string model, ReadOnlySpan<int> items, ReadOnlySpan<float> weights, int item)
    {
        ScoredItem[] contributions;
        switch (model)
        {
            case EaseModel:
                using (var history = new PositiveItems(items, weights))
                {
                    contributions = new ScoredItem[history.Items.Length];
                    for (int e = 0; e < contributions.Length; e++)
                    {
                        contributions[e] = new ScoredItem(history.Items[e], _ease!.Weight(history.Items[e], item));
                    }
                }

                return ModelScoring.ByMagnitude(contributions);
            case AlsModel:
                contributions = new ScoredItem[items.Length];
                _als!.Explain(items, weights, item, contributions);
                return ModelScoring.ByMagnitude(contributions);
            default:
                return [];
        }
    }

    /// <summary>How like each of the first items is to one: B of EASE, or the cosine of the factors of ALS or logistic MF.</summary>
    internal void Similar(string model, int item, Span<float> scores)
    {
        switch (model)
        {
            case EaseModel:
                for (int i = 0; i < scores.Length; i++)
                {
                    scores[i] = _ease!.Weight(i, item);
                }

                break;
            case AlsModel:
                var factors = _als!.ItemFactors.Row(item);
                _als.Score(factors, scores);
                float own = Norm(factors);
                for (int i = 0; i < scores.Length; i++)
                {
                    float lengths = own * Norm(_als.ItemFactors.Row(i));
                    scores[i] = lengths > 0 ? scores[i] / lengths : 0;
                }

                break;
            case LmfModel:
                _lmf!.Similar(item, scores);
                break;
            default:
                throw new InvalidOptionException($"the online model {model} knows no likeness of items; ask ease, als or lmf");
        }

        static float Norm(ReadOnlySpan<float> x)
        {
            float sum = 0;
            foreach (float value in x)
            {
                sum += value * value;
            }

            return MathF.Sqrt(sum);
        }
    }

    /// <summary>X of EASE: 1 where the weight is positive.</summary>
    internal static SparseMatrix Positives(SparseMatrix histories)
    {
        if (!histories.HasValues)
        {
            return histories;
        }

        var offsets = new long[histories.Rows + 1];
        var columns = new List<int>((int)histories.Count);
        for (int u = 0; u < histories.Rows; u++)
        {
            var row = histories.Row(u);
            var values = histories.RowValues(u);
            for (int e = 0; e < row.Length; e++)
            {
                if (values[e] > 0)
                {
                    columns.Add(row[e]);
                }
            }

            offsets[u + 1] = columns.Count;
        }

        return new SparseMatrix(histories.Rows, histories.Columns, offsets, [.. columns]);
    }

    private void NameModels()
    {
        string[] all =
        [
            .. new[] { (EaseModel, _ease is not null), (AlsModel, _als is not null), (LmfModel, _lmf is not null), (PopularityModel, true) }
                .Where(m => m.Item2).Select(m => m.Item1),
        ];
        if (_options.DefaultModel is { } first && !all.Contains(first))
        {
            throw new InvalidOptionException($"online: the default model '{first}' is not among {string.Join(", ", all)}");
        }

        Models = [.. all.OrderBy(m => m == (_options.DefaultModel ?? all[0]) ? 0 : 1)];
    }

    /// <summary>The items of a history with positive weights, without a copy where all are.</summary>
    private readonly ref struct PositiveItems
    {
        private readonly int[]? _rented;

        public PositiveItems(ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
        {
            bool all = true;
            foreach (float weight in weights)
            {
                all &= weight > 0;
            }

            Items = items;
            if (all)
            {
                return;
            }

            _rented = ArrayPool<int>.Shared.Rent(items.Length);
            int count = 0;
            for (int e = 0; e < items.Length; e++)
            {
                if (weights[e] > 0)
                {
                    _rented[count++] = items[e];
                }
            }

            Items = _rented.AsSpan(0, count);
        }

        public ReadOnlySpan<int> Items { get; }

        public void Dispose()
        {
            if (_rented is not null)
            {
                ArrayPool<int>.Shared.Return(_rented);
            }
        }
    }
}
