using System.Collections.Concurrent;
using Recsys.Engine.Als;
using Recsys.Engine.Logistic;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Online;

/// <summary>
/// ALS whose users are solved from their present histories and whose new items are solved from their users. Items are
/// a growing table Q with its Gram matrix; a user's factors are the exact solution for history and Q, kept until one
/// of them changes. An item's factors are the closed-form solution given its users' factors and the Gram matrix of the
/// trained users. One writer under the owner's lock; readers share it.
/// </summary>
internal sealed unsafe class LiveAls : IDisposable
{
    private readonly ConcurrentBag<IFoldInSolver> _solvers = [];
    private readonly List<Folded?> _users = [];
    private readonly double[] _itemGram;
    private readonly double[] _userGram;
    private readonly DenseMatrix _trainedUsers;
    private readonly HashSet<int> _forgotten;
    private readonly LiveItemIndex _index = new();
    private DenseMatrix _items;
    private GramMatrix _itemGramMatrix;
    private GramMatrix _userGramMatrix;
    private int _itemVersion;

    /// <summary>A copy of a trained model.</summary>
    public LiveAls(AlsModel model)
        : this(
            model.Options,
            Copy(model.ItemFactors, model.ItemFactors.Rows),
            Copy(model.UserFactors, model.UserFactors.Rows),
            model.ItemFactors.Rows,
            null,
            null,
            [])
    {
    }

    /// <summary>Goes on from a snapshot, whose matrices it then owns.</summary>
    public LiveAls(
        AlsOptions options, DenseMatrix items, DenseMatrix trainedUsers, int trainedItems, double[]? itemGram, double[]? userGram, int[] forgotten)
    {
        Options = options;
        _items = items;
        Items = items.Rows;
        _trainedUsers = trainedUsers;
        TrainedItems = trainedItems;
        _itemGram = itemGram ?? GramOf(items);
        _userGram = userGram ?? GramOf(trainedUsers);
        _itemGramMatrix = ToMatrix(_itemGram);
        _userGramMatrix = ToMatrix(_userGram);
        _forgotten = [.. forgotten];
    }

    public AlsOptions Options { get; }

    public int Items { get; private set; }

    /// <summary>Items of the trained model: what the regularization's exponent counts with, whatever came later.</summary>
    public int TrainedItems { get; }

    /// <summary>Grows each time that factors of items have changed.</summary>
    public int ItemVersion => _itemVersion;

    /// <summary>Q; rows beyond <see cref="Items"/> are zero.</summary>
    public DenseMatrix ItemFactors => _items;

    /// <summary>Q with exactly so many rows, for a snapshot.</summary>
    public DenseMatrix CopyItems(int items)
    {
        var copy = new DenseMatrix(items, _items.Columns);
        for (int i = 0; i < Math.Min(items, Items); i++)
        {
            _items.Row(i).CopyTo(copy.Row(i));
        }

        return copy;
    }

    /// <summary>The trained users' factors, without the forgotten ones.</summary>
    public DenseMatrix CopyTrainedUsers() => Copy(_trainedUsers, _trainedUsers.Rows);

    public ReadOnlySpan<double> ItemGram => _itemGram;

    public ReadOnlySpan<double> UserGram => _userGram;

    public int[] Forgotten => [.. _forgotten.Order()];

    public bool HasFactors(int item) => item < Items && _items.Row(item).ContainsAnyExcept(0f);

    public void Grow(int users, int items)
    {
        while (_users.Count < users)
        {
            _users.Add(null);
        }

        if (items > _items.Rows)
        {
            var larger = Copy(_items, Math.Max(items, _items.Rows + (_items.Rows / 4) + 16));
            _items.Dispose();
            _items = larger;
        }

        if (items > Items)
        {
            _index.Change(Enumerable.Range(Items, items - Items));
            Items = items;
        }
    }

    /// <summary>A user's factors for the present history and items.</summary>
    public float[] UserFactors(int user, OnlineHistories histories)
    {
        int version = histories.Version(user);
        if (user < _users.Count && _users[user] is { } known && known.History == version && known.Items == _itemVersion)
        {
            return known.Factors;
        }

        var factors = FoldIn(histories.Items(user), histories.Weights(user));
        if (user < _users.Count)
        {
            // Readers that race here write the same.
            _users[user] = new Folded(version, _itemVersion, factors);
        }

        return factors;
    }

    /// <summary>The exact factors of any history; zeros for an empty one.</summary>
    public float[] FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        var factors = new float[Options.Factors];
        if (items.Length > 0)
        {
            var solver = Rent();
            solver.Solve(_items, _itemGramMatrix, items, weights, factors);
            _solvers.Add(solver);
        }

        return factors;
    }

    /// <summary>Each history item's part of the score of an item.</summary>
    public float Explain(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, int item, Span<ScoredItem> contributions)
    {
        var solver = Rent();
        float score = solver.Explain(_items, _itemGramMatrix, items, weights, item, contributions);
        _solvers.Add(solver);
        return score;
    }

    /// <summary>Solves an item's factors from users who have it.</summary>
    /// <param name="item">The item.</param>
    /// <param name="users">Users, each once.</param>
    /// <param name="weights">The weight of each pair.</param>
    /// <param name="histories">Their histories.</param>
    public void FoldInItem(int item, ReadOnlySpan<int> users, ReadOnlySpan<float> weights, OnlineHistories histories)
    {
        var factors = new float[Options.Factors];
        if (users.Length > 0)
        {
            using var rows = new DenseMatrix(users.Length, Options.Factors);
            var order = new int[users.Length];
            for (int u = 0; u < users.Length; u++)
            {
                UserFactors(users[u], histories).CopyTo(rows.Row(u));
                order[u] = u;
            }

            using var solver = FoldInSolver.Create(Options, Math.Max(1, _trainedUsers.Rows), Simd.Best);
            solver.Solve(rows, _userGramMatrix, order, weights, factors);
        }

        var row = _items.Row(item);
        AddOuter(_itemGram, row, -1);
        factors.CopyTo(row);
        AddOuter(_itemGram, row, 1);
        _index.Change([item]);
    }

    /// <summary>Makes changed items count: users are solved anew when next asked for.</summary>
    public void ItemsChanged()
    {
        _itemGramMatrix = ToMatrix(_itemGram);
        _itemVersion++;
    }

    /// <summary>Takes a user's share out of what items are solved from.</summary>
    public void Forget(int user)
    {
        if (user < _users.Count)
        {
            _users[user] = null;
        }

        if (user < _trainedUsers.Rows && _forgotten.Add(user))
        {
            AddOuter(_userGram, _trainedUsers.Row(user), -1);
            _trainedUsers.Row(user).Clear();
            _userGramMatrix = ToMatrix(_userGram);
        }
    }

    /// <summary>
    /// The best of the first <paramref name="items"/> items, with the scores of <see cref="Score"/>; false where it is not
    /// certain that these are they.
    /// </summary>
    public bool TryTop(
        ReadOnlySpan<float> user, int items, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results, out int found)
    {
        found = 0;
        return items > 0
            && items == Items
            && _index.TryTop(_items, items, user, seen, filter, results, out found);
    }

    /// <summary>p·q_i for the first <paramref name="scores"/>.Length items.</summary>
    public void Score(ReadOnlySpan<float> user, Span<float> scores)
    {
        Rescoring.Score(_items, Math.Min(Items, scores.Length), user, scores);
        scores[Math.Min(Items, scores.Length)..].Clear();
    }

    public void Dispose()
    {
        _items.Dispose();
        _trainedUsers.Dispose();
        while (_solvers.TryTake(out var solver))
        {
            solver.Dispose();
        }
    }

    private static DenseMatrix Copy(DenseMatrix matrix, int rows)
    {
        var copy = new DenseMatrix(rows, matrix.Columns);
        for (int r = 0; r < matrix.Rows; r++)
        {
            matrix.Row(r).CopyTo(copy.Row(r));
        }

        return copy;
    }

    private static double[] GramOf(DenseMatrix rows)
    {
        var gram = new double[rows.Columns * rows.Columns];
        for (int r = 0; r < rows.Rows; r++)
        {
            AddOuter(gram, rows.Row(r), 1);
        }

        return gram;
    }

    private static void AddOuter(double[] gram, ReadOnlySpan<float> row, double sign)
    {
        int k = row.Length;
        for (int i = 0; i < k; i++)
        {
            double factor = sign * row[i];
            if (factor != 0)
            {
                var target = gram.AsSpan(i * k, k);
                for (int j = 0; j < k; j++)
                {
                    target[j] += factor * row[j];
                }
            }
        }
    }

    private static GramMatrix ToMatrix(double[] gram) => new((int)Math.Sqrt(gram.Length), Array.ConvertAll(gram, g => (float)g));

    private IFoldInSolver Rent() => _solvers.TryTake(out var solver) ? solver : FoldInSolver.Create(Options, Math.Max(1, TrainedItems), Simd.Best);

    private sealed record Folded(int History, int Items, float[] Factors);
}
