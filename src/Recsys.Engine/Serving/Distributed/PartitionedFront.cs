using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// What a process holds of a model that is served in partitions: ids and histories, of ALS also QᵀQ and, mapped from the
/// file, the users' factors; nothing that grows with items × factors or items².
/// </summary>
internal sealed class PartitionedFront : IRecommenderModel
{
    private readonly Tensor? _userFactors;

    private PartitionedFront(StoredModel stored)
    {
        Algorithm = stored.Facts.Algorithm;
        Users = stored.Users;
        Items = stored.Items;
        Histories = stored.Histories;
        if (Algorithm == AlsAlgorithm.AlgorithmName)
        {
            Als = AlsAlgorithm.ParseStored(stored.Facts.Options);
            using var items = stored.Matrix(AlsModel.ItemTensor, stored.Items.Count, Als.Factors);
            using var solver = FoldInSolver.Create(Als, stored.Items.Count, Simd.Best);
            Gram = solver.Gram(items);
            _userFactors = stored.Map(AlsModel.UserTensor);
        }
    }

    public string Algorithm { get; }

    public IdTable Users { get; }

    public IdTable Items { get; }

    public SparseMatrix Histories { get; }

    /// <summary>Options of ALS; null for EASE.</summary>
    public AlsOptions? Als { get; }

    /// <summary>QᵀQ of ALS.</summary>
    public GramMatrix? Gram { get; }

    /// <summary>Reads what is held of a stored model.</summary>
    public static PartitionedFront Load(StoredModel stored) => new(stored);

    /// <summary>The history and, for ALS, the trained factors of a user.</summary>
    public unsafe UserProfile GetUser(int user) => new(
        Histories.Row(user).ToArray(),
        Histories.RowValues(user).ToArray(),
        _userFactors is null
            ? default
            : new ReadOnlySpan<float>(_userFactors.Data + (user * _userFactors.RowBytes), Als!.Factors).ToArray());

    /// <summary>A history without factors, which have to be fetched.</summary>
    public UserProfile FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights) => new(items.ToArray(), weights.ToArray(), default);

    public void Score(UserProfile user, Span<float> scores) => throw new NotSupportedException();

    public int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results) => throw new NotSupportedException();

    public int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results) => throw new NotSupportedException();

    public Explanation Explain(UserProfile user, int item) => throw new NotSupportedException();

    public ModelContents ToContents() => throw new NotSupportedException();

    public void Dispose() => (_userFactors?.Owner as IDisposable)?.Dispose();
}
