namespace Recsys.Engine.Als;

/// <summary>
/// One node of the fixed binary tree over the virtual blocks in which Gram matrices are summed: the sum over the blocks
/// [Index·2^Level, (Index + 1)·2^Level).
/// </summary>
/// <param name="Level">Height of the node: 0 is one block.</param>
/// <param name="Index">Its number among the nodes of its level.</param>
/// <param name="Gram">The sum.</param>
public sealed record GramPart(int Level, int Index, GramMatrix Gram);
