using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving;

/// <summary>
/// Scores and best items of a model with factors: exact factors, and rounded ones beside them where a service asks for
/// it. Both give the same best items, bit for bit.
/// </summary>
internal sealed class FactorRanking(DenseMatrix factors, bool ownsFactors = false) : IDisposable
{
    private readonly FactorIndex _exact = new(factors);
    private FactorIndex? _rounded;

    /// <summary>Adds rounded factors where they pay. The matrix must be alive and unchanged from then on.</summary>
    public void Prepare(ServingOptions options)
    {
        var storage = options.StorageFor(factors.Rows);
        if (storage != FactorStorage.Float32 && factors.Rows > 0 && Volatile.Read(ref _rounded)?.Storage != storage)
        {
            // One that was there before may be in use: it is freed with its last reference.
            Volatile.Write(ref _rounded, new FactorIndex(factors, storage, rescore: true));
        }
    }

    /// <inheritdoc cref="FactorIndex.Score(ReadOnlySpan{float}, Span{float})"/>
    public void Score(ReadOnlySpan<float> user, Span<float> scores) => _exact.Score(user, scores);

    /// <inheritdoc cref="FactorIndex.Top(ReadOnlySpan{float}, ReadOnlySpan{int}, ItemFilter, Span{ScoredItem})"/>
    public int Top(ReadOnlySpan<float> user, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results) =>
        Volatile.Read(ref _rounded) is { } rounded && rounded.TryTopExact(user, seen, filter, results, out int found)
            ? found
            : _exact.Top(user, seen, filter, results);

    public void Dispose()
    {
        _exact.Dispose();
        _rounded?.Dispose();
        if (ownsFactors)
        {
            factors.Dispose();
        }
    }
}
