namespace Recsys.Engine.Data;

/// <summary>Users, items and their interactions: what a model is trained on.</summary>
/// <param name="Users">Ids of the rows.</param>
/// <param name="Items">Ids of the columns.</param>
/// <param name="Interactions">users × items; a value is the weight f of the pair, 1 where the matrix has none.</param>
public sealed record Dataset(IdTable Users, IdTable Items, SparseMatrix Interactions)
{
    /// <summary>What the data came from, for reports: a file name or a description.</summary>
    public string Name { get; init; } = "";
}
