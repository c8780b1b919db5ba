namespace Recsys.Engine.Als;

/// <summary>What the training loop knows of the data.</summary>
/// <param name="Users">Number of users.</param>
/// <param name="Items">Number of items.</param>
/// <param name="SampleUser">Id of some user with interactions, to be named in errors.</param>
/// <param name="SampleItem">Id of some item with interactions, to be named in errors.</param>
public sealed record AlsProblem(int Users, int Items, string SampleUser, string SampleItem);
