using Recsys.Engine.Als;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving.Partitioned;
using Recsys.Engine.Slim;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// One partition's items of a version of a model: of ALS their factors, of EASE their columns of B. Scores are those of the
/// whole model, to the bit. Counted: its memory is freed when nobody holds it any more.
/// </summary>
internal sealed class ItemShard : Counted
{
    private readonly string _name;
    private readonly int[] _items;
    private readonly DenseMatrix _matrix;
    private readonly AlsOptions? _als;
    private readonly float[] _norms = [];
    private readonly IScoringPartition _scoring;

    private ItemShard(string name, int[] items, DenseMatrix matrix, AlsOptions? als)
    {
        _name = name;
        _items = items;
        _matrix = matrix;
        _als = als;
        if (als is null)
        {
            _scoring = new ColumnScoring(items, matrix);
            return;
        }

        _scoring = new FactorScoring(items, matrix);
        using var solver = FoldInSolver.Create(als, Math.Max(1, items.Length), Simd.Best);
        _norms = solver.Norms(matrix);
    }

    /// <summary>Whether a stored model can be served in partitions.</summary>
    public static bool Supports(StoredModel stored) => TensorOf(stored.Facts.Algorithm) is { } tensor && stored.Has(tensor);

    /// <summary>The items of a partition, ascending.</summary>
    public static int[] ItemsOf(Data.IdTable items, int partition, int partitions)
    {
        var own = new List<int>();
        for (int item = 0; item < items.Count; item++)
        {
            if (PartitionOf(items, item, partitions) == partition)
            {
                own.Add(item);
            }
        }

        return [.. own];
    }

    /// <summary>The partition of an item.</summary>
    public static int PartitionOf(Data.IdTable items, int item, int partitions) =>
        VirtualBlocks.PartitionOf(VirtualBlocks.BlockOf(VirtualBlocks.Hash(items.Utf8(item))), partitions);

    /// <summary>Whether tiles of a model of that algorithm are all that a partition's part needs.</summary>
    public static bool Supports(ColumnTiles tiles, string algorithm) =>
        algorithm != AlsAlgorithm.AlgorithmName && tiles.Array == TensorOf(algorithm);

    /// <summary>Loads a partition's part of a model stored by columns: of its array nothing else is read.</summary>
    /// <exception cref="ModelFormatException">Something of it is missing or damaged.</exception>
    public static async Task<ItemShard> LoadAsync(
        ColumnTiles tiles, string name, int partition, int partitions, CancellationToken cancellationToken = default)
    {
        var (items, columns) = await tiles.ReadColumnsAsync(
            VirtualBlocks.FirstBlock(partition, partitions), VirtualBlocks.FirstBlock(partition + 1, partitions), cancellationToken).ConfigureAwait(false);
        return new ItemShard(name, items, columns, als: null);
    }

    /// <summary>Loads a partition's part of a stored model; the rest passes by and is not held.</summary>
    /// <exception cref="RecsysException">It cannot be served in partitions, or is damaged.</exception>
    public static ItemShard Load(StoredModel stored, string name, int partition, int partitions)
    {
        if (!Supports(stored))
        {
            throw new RecsysException($"model '{name}' cannot be served in partitions: only ALS and dense EASE and SLIM can");
        }

        int[] items = ItemsOf(stored.Items, partition, partitions);
        var als = stored.Facts.Algorithm == AlsAlgorithm.AlgorithmName ? AlsAlgorithm.ParseStored(stored.Facts.Options) : null;
        var all = stored.Map(TensorOf(stored.Facts.Algorithm)!);
        int n = stored.Items.Count;
        if (all.Type != TensorType.F32 || all.Shape is not [var rows, var columns] || rows != n || columns != (als?.Factors ?? n))
        {
            throw new ModelFormatException(stored.Directory, $"the matrix of the items is not F32 [{n}, {als?.Factors ?? n}]");
        }

        try
        {
            return new ItemShard(name, items, als is null ? Columns(all, n, items) : Rows(all, als.Factors, items), als);
        }
        finally
        {
            (all.Owner as IDisposable)?.Dispose();
        }
    }

    /// <inheritdoc cref="IItemShards.TopAsync"/>
    public ScoredItem[] Top(ScoringRequest request) => _scoring.TopAsync(request, default).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc cref="IItemShards.FactorsAsync"/>
    public float[] Factors(int[] items)
    {
        int k = Als.Factors;
        float[] factors = new float[items.Length * k];
        for (int i = 0; i < items.Length; i++)
        {
            _matrix.Row(Place(items[i])).CopyTo(factors.AsSpan(i * k));
        }

        return factors;
    }

    /// <inheritdoc cref="IItemShards.CosinesAsync"/>
    public float[] Cosines(float[] factors)
    {
        float[] scores = new float[_items.Length];
        using var one = new DenseMatrix(1, Als.Factors);
        factors.CopyTo(one.Row(0));
        using var solver = FoldInSolver.Create(Als, 1, Simd.Best);
        float norm = solver.Norms(one)[0];
        using var index = new FactorIndex(_matrix);
        index.Score(factors, scores);
        for (int i = 0; i < scores.Length; i++)
        {
            float lengths = norm * _norms[i];
            scores[i] = lengths > 0 ? scores[i] / lengths : 0;
        }

        return scores;
    }

    /// <inheritdoc cref="IItemShards.WeightsAsync"/>
    public float[] Weights(int[]? rows, int[] columns)
    {
        if (_als is not null)
        {
            throw new RecsysException($"model '{_name}' has no weights of items on items");
        }

        rows ??= [.. Enumerable.Range(0, _matrix.Rows)];
        int[] places = Array.ConvertAll(columns, Place);
        float[] weights = new float[rows.Length * columns.Length];
        int at = 0;
        foreach (int row in rows)
        {
            var values = _matrix.Row(row);
            foreach (int place in places)
            {
                weights[at++] = values[place];
            }
        }

        return weights;
    }

    protected override void Free()
    {
        (_scoring as IDisposable)?.Dispose();
        _matrix.Dispose();
    }

    private AlsOptions Als => _als ?? throw new RecsysException($"model '{_name}' has no factors");

    private static string? TensorOf(string algorithm) => algorithm switch
    {
        AlsAlgorithm.AlgorithmName => AlsModel.ItemTensor,
        EaseAlgorithm.AlgorithmName or SlimAlgorithm.AlgorithmName => ItemWeightModel.WeightsTensor,
        _ => null,
    };

    private static unsafe DenseMatrix Rows(Tensor all, int columns, int[] rows)
    {
        var matrix = new DenseMatrix(rows.Length, columns);
        for (int r = 0; r < rows.Length; r++)
        {
            new ReadOnlySpan<float>(all.Data + (rows[r] * all.RowBytes), columns).CopyTo(matrix.Row(r));
        }

        return matrix;
    }

    private static unsafe DenseMatrix Columns(Tensor all, int rows, int[] columns)
    {
        var matrix = new DenseMatrix(rows, columns.Length);
        for (int r = 0; r < rows; r++)
        {
            float* from = (float*)(all.Data + (r * all.RowBytes));
            var to = matrix.Row(r);
            for (int c = 0; c < columns.Length; c++)
            {
                to[c] = from[columns[c]];
            }
        }

        return matrix;
    }

    private int Place(int item)
    {
        int place = Array.BinarySearch(_items, item);
        return place >= 0 ? place : throw new RecsysException($"model '{_name}': item {item} is not of this partition");
    }
}
