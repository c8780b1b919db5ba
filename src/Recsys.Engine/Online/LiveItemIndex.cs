using System.Buffers;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Online;

/// <summary>
/// The best items by live factors: an index of the factors as they stood at some moment, and beside it the items
/// that have changed since, which are scored one by one. What comes out is what scoring all items by the present factors
/// gives, bit for bit, and does not depend on when the index was made.
/// </summary>
internal sealed class LiveItemIndex
{
    // Scoring an item alone costs some four times as much as in the index.
    private const int ItemsPerChange = 32;
    private const int FewChanges = 64;

    private readonly Lock _building = new();
    private Indexed? _current;

    /// <summary>Notes that items have other factors now, or are new. Nobody may be reading.</summary>
    public void Change(IEnumerable<int> items)
    {
        if (_current is { } current)
        {
            int[] changed = [.. current.Changed.Union(items).Order()];
            _current = changed.Length > 2 * Most(current.Index.Items) ? null : current with { Changed = changed };
        }
    }

    /// <summary>The best items; the factors must not change meanwhile.</summary>
    /// <param name="factors">Present factors, at least as many rows as <paramref name="items"/>.</param>
    /// <param name="items">How many items there are.</param>
    /// <param name="user">The user's factors.</param>
    /// <param name="seen">The history, ascending.</param>
    /// <param name="filter">What may be returned.</param>
    /// <param name="results">Receives them, best first.</param>
    /// <param name="found">How many there are.</param>
    /// <returns>False where it is not certain: score all items.</returns>
    public bool TryTop(
        DenseMatrix factors, int items, ReadOnlySpan<float> user, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results, out int found)
    {
        var current = Current(factors, items);
        int[] changed = current.Changed;
        var rented = ArrayPool<ScoredItem>.Shared.Rent(results.Length + changed.Length);
        int[] excluded = ArrayPool<int>.Shared.Rent(filter.Exclude.Length + changed.Length);
        try
        {
            int count = Union(filter.Exclude.Span, changed, excluded);
            var rest = changed.Length == 0 ? filter : filter with { Exclude = excluded.AsMemory(0, count) };
            if (!current.Index.TryTopExact(factors, user, seen, rest, rented.AsSpan(0, results.Length), out int candidates, Simd.Best))
            {
                found = 0;
                return false;
            }

            foreach (int item in changed)
            {
                if (IsEligible(item, seen, filter))
                {
                    rented[candidates++] = new ScoredItem(item, 0);
                }
            }

            found = Rescoring.Rank(factors, user, rented.AsSpan(0, candidates), results);
            return true;
        }
        finally
        {
            ArrayPool<ScoredItem>.Shared.Return(rented);
            ArrayPool<int>.Shared.Return(excluded);
        }
    }

    private static bool IsEligible(int item, ReadOnlySpan<int> seen, ItemFilter filter) =>
        (filter.KeepSeen || seen.BinarySearch(item) < 0)
        && filter.Exclude.Span.BinarySearch(item) < 0
        && (filter.Allowed is not { } allowed || (item >> 6 < allowed.Length && ((allowed.Span[item >> 6] >> (item & 63)) & 1) != 0));

    private static int Union(ReadOnlySpan<int> a, ReadOnlySpan<int> b, int[] union)
    {
        int count = 0, i = 0, j = 0;
        while (i < a.Length || j < b.Length)
        {
            int next = j == b.Length || (i < a.Length && a[i] <= b[j]) ? a[i] : b[j];
            i += i < a.Length && a[i] == next ? 1 : 0;
            j += j < b.Length && b[j] == next ? 1 : 0;
            union[count++] = next;
        }

        return count;
    }

    /// <summary>The index, made anew by one of the readers when too much has changed; the others go on with the old one.</summary>
    private Indexed Current(DenseMatrix factors, int items)
    {
        var current = Volatile.Read(ref _current);
        if (current is null)
        {
            lock (_building)
            {
                return _current ??= Build(factors, items);
            }
        }

        if (current.Changed.Length > Most(items) && _building.TryEnter())
        {
            try
            {
                // An index that others still read is freed with their last reference.
                _current = current = Build(factors, items);
            }
            finally
            {
                _building.Exit();
            }
        }

        return current;
    }

    private static Indexed Build(DenseMatrix factors, int items) =>
        new(new FactorIndex(factors, items, ServingOptions.Default.StorageFor(items)), []);

    private static int Most(int items) => Math.Max(FewChanges, items / ItemsPerChange);

    private sealed record Indexed(FactorIndex Index, int[] Changed);
}
