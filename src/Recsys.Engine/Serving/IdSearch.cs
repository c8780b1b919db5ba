using System.Text;
using Recsys.Engine.Data;

namespace Recsys.Engine.Serving;

/// <summary>
/// Ids and names that contain a text: the id itself first, then ids that begin with it, names that do, and the rest;
/// within each in the table's order. One pass over the table.
/// </summary>
internal sealed class IdSearch(string text, int limit)
{
    private const int CheckEvery = 4096;

    private readonly byte[] _utf8 = Encoding.UTF8.GetBytes(text);
    private readonly List<SearchHit>[] _ranks = [[], [], [], []];

    public void Scan(IdTable table, ItemStore? items, CancellationToken cancellationToken)
    {
        for (int i = 0; i < table.Count; i++)
        {
            if (i % CheckEvery == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            var id = table.Utf8(i);
            int at = id.IndexOf(_utf8);
            if (at >= 0 || items is not null)
            {
                Offer(id.Length, at, at >= 0 || items!.Count > 0 ? table[i] : null, items);
            }
        }

        foreach (var item in items?.All ?? [])
        {
            if (!table.TryGetIndex(item.Id, out _))
            {
                Offer(Encoding.UTF8.GetByteCount(item.Id), item.Id.IndexOf(text, StringComparison.Ordinal), item.Id, items);
            }
        }
    }

    public IReadOnlyList<SearchHit> Best() => [.. _ranks.SelectMany(r => r).Take(limit)];

    private void Offer(int length, int at, string? id, ItemStore? items)
    {
        if (id is null || (items?.IsDeleted(id) ?? false))
        {
            return;
        }

        string? name = items?.Find(id)?.Name;
        int inName = name?.IndexOf(text, StringComparison.OrdinalIgnoreCase) ?? -1;
        if (at < 0 && inName < 0)
        {
            return;
        }

        int rank = at == 0 && length == _utf8.Length ? 0 : at == 0 ? 1 : inName == 0 ? 2 : 3;
        if (_ranks[rank].Count < limit)
        {
            _ranks[rank].Add(new SearchHit(id, name));
        }
    }
}
