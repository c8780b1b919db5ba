namespace Recsys.Engine.Data;

/// <summary>
/// Users a model is examined on: what may be known of each, and what is to be found. Rows of both matrices are the users
/// of <paramref name="Users"/>, columns the items of the training part.
/// </summary>
/// <param name="Users">Ids of the rows.</param>
/// <param name="FoldIn">The known history of each user.</param>
/// <param name="HeldOut">What is to be found; the row of a user of whom nothing is held out is empty.</param>
public sealed record HeldOutPart(IdTable Users, SparseMatrix FoldIn, SparseMatrix HeldOut);
