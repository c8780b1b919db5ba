using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>The part of B that one partition trained: all rows, its own columns.</summary>
/// <param name="Items">The items of the columns, ascending dense indices.</param>
/// <param name="Weights">n × columns.</param>
/// <param name="InverseDiagonal">The diagonal of P = G⁻¹ at these items.</param>
public sealed record EaseColumns(int[] Items, DenseMatrix Weights, float[] InverseDiagonal);
