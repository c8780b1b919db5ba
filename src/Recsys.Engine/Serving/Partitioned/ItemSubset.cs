using System.Buffers;
using Recsys.Engine.Models;

namespace Recsys.Engine.Serving.Partitioned;

/// <summary>
/// The items of one partition, numbered from 0 in ascending order, so that ties between them fall as in the whole model.
/// </summary>
internal sealed class ItemSubset
{
    private readonly int[] _items;
    private readonly int[] _places;

    /// <summary>The given items, strictly ascending dense indices of the whole model.</summary>
    public ItemSubset(int[] items)
    {
        for (int i = 0; i < items.Length; i++)
        {
            if (items[i] < 0 || (i > 0 && items[i] <= items[i - 1]))
            {
                throw new RecsysException($"items of a partition: {items[i]} at place {i}; expected ascending indices");
            }
        }

        _items = items;
        _places = new int[items.Length == 0 ? 0 : items[^1] + 1];
        Array.Fill(_places, -1);
        for (int i = 0; i < items.Length; i++)
        {
            _places[items[i]] = i;
        }
    }

    /// <summary>Number of items.</summary>
    public int Count => _items.Length;

    /// <summary>A filter and a history as they concern these items, by their numbers here.</summary>
    public LocalFilter Localize(ItemFilter filter, ReadOnlySpan<int> history)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var seen = filter.KeepSeen ? default : history;
        var exclude = filter.Exclude.Span;
        int[] excluded = ArrayPool<int>.Shared.Rent(seen.Length + exclude.Length);
        int count = 0;
        for (int s = 0, e = 0; s < seen.Length || e < exclude.Length;)
        {
            // The lower of the two heads; both when they are equal.
            int item = e == exclude.Length || (s < seen.Length && seen[s] <= exclude[e]) ? seen[s] : exclude[e];
            s += s < seen.Length && seen[s] == item ? 1 : 0;
            e += e < exclude.Length && exclude[e] == item ? 1 : 0;
            if ((uint)item < (uint)_places.Length && _places[item] >= 0)
            {
                excluded[count++] = _places[item];
            }
        }

        ulong[]? allowed = null;
        if (filter.Allowed is { } mask)
        {
            allowed = ArrayPool<ulong>.Shared.Rent((Count + 63) >> 6);
            Localize(mask.Span, allowed);
        }

        return new LocalFilter(excluded, count, allowed, (Count + 63) >> 6);
    }

    /// <summary>Numbers here to dense indices of the whole model.</summary>
    public ScoredItem[] Globalize(ReadOnlySpan<ScoredItem> local)
    {
        var results = new ScoredItem[local.Length];
        for (int r = 0; r < results.Length; r++)
        {
            results[r] = new ScoredItem(_items[local[r].Item], local[r].Score);
        }

        return results;
    }

    private void Localize(ReadOnlySpan<ulong> mask, Span<ulong> allowed)
    {
        for (int first = 0; first < Count; first += 64)
        {
            int length = Math.Min(64, Count - first);
            ulong word = 0;
            int item = _items[first];
            if (_items[first + length - 1] - item == length - 1)
            {
                word = Word(mask, item >> 6) >> (item & 63);
                word |= (item & 63) == 0 ? 0 : Word(mask, (item >> 6) + 1) << (64 - (item & 63));
                word &= ulong.MaxValue >> (64 - length);
            }
            else
            {
                for (int i = 0; i < length; i++)
                {
                    item = _items[first + i];
                    word |= ((Word(mask, item >> 6) >> (item & 63)) & 1) << i;
                }
            }

            allowed[first >> 6] = word;
        }
    }

    private static ulong Word(ReadOnlySpan<ulong> mask, int word) => word < mask.Length ? mask[word] : 0;

    /// <summary>A filter for one call, on rented memory.</summary>
    internal readonly struct LocalFilter : IDisposable
    {
        private readonly int[] _excluded;
        private readonly ulong[]? _allowed;

        public LocalFilter(int[] excluded, int count, ulong[]? allowed, int words)
        {
            _excluded = excluded;
            _allowed = allowed;
            Filter = new ItemFilter
            {
                KeepSeen = true,
                Exclude = excluded.AsMemory(0, count),
                Allowed = allowed is null ? default(ReadOnlyMemory<ulong>?) : allowed.AsMemory(0, words),
            };
        }

        /// <summary>Leaves out history and excluded items alike.</summary>
        public ItemFilter Filter { get; }

        public void Dispose()
        {
            ArrayPool<int>.Shared.Return(_excluded);
            if (_allowed is not null)
            {
                ArrayPool<ulong>.Shared.Return(_allowed);
            }
        }
    }
}
