namespace Recsys.Engine.Als;

/// <summary>
/// Sums Gram matrices in one fixed binary tree over the virtual blocks, whoever adds which subtree, so that the sum is
/// the same bits for any number of partitions.
/// </summary>
internal static class GramTree
{
    /// <summary>Adds sibling nodes as long as there are any; what remains are the largest whole subtrees, in block order.</summary>
    public static IReadOnlyList<GramPart> Reduce(IEnumerable<GramPart> parts)
    {
        var level = parts.OrderBy(p => p.Level).ThenBy(p => p.Index).ToList();
        var nodes = new Dictionary<(int Level, int Index), GramPart>();
        foreach (var part in level)
        {
            var node = part;
            while (nodes.Remove((node.Level, node.Index ^ 1), out var sibling))
            {
                var (left, right) = (node.Index & 1) == 0 ? (node, sibling) : (sibling, node);
                node = new GramPart(node.Level + 1, node.Index >> 1, GramMatrix.Add(left.Gram, right.Gram));
            }

            nodes.Add((node.Level, node.Index), node);
        }

        return [.. nodes.Values.OrderBy(p => p.Index << p.Level)];
    }

    /// <summary>The sum over all blocks.</summary>
    /// <exception cref="RecsysException">The parts do not cover every block exactly once.</exception>
    public static GramMatrix Total(IEnumerable<GramPart> parts)
    {
        var rest = Reduce(parts);
        return rest is [{ Level: var level } root] && 1 << level == VirtualBlocks.Count
            ? root.Gram
            : throw new RecsysException($"Gram matrices of {rest.Count} incomplete subtrees: partitions are missing or overlap");
    }
}
