namespace Recsys.Grains.Wire;

/// <summary>Rows of numbers on the wire.</summary>
/// <param name="Rows">How many rows.</param>
/// <param name="Columns">Numbers of a row.</param>
/// <param name="Values">The numbers, row after row.</param>
internal sealed record RawRows(int Rows, int Columns, float[] Values);
