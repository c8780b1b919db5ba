namespace Recsys.Engine.Als;

/// <summary>One half-epoch: all rows of one side are solved with the other side fixed.</summary>
/// <param name="Phase">Number of the half-epoch in the training run, from 1: calls for a finished phase change nothing.</param>
/// <param name="Solver">How rows are solved.</param>
/// <param name="WithLoss">Whether the observed part of the loss is wanted.</param>
/// <param name="WithGram">Whether the Gram matrices of what is solved are wanted with it.</param>
/// <param name="Store">Whether the solved factors are to be stored, by those who can (<see cref="StoredFactorPartition"/>).</param>
/// <param name="Checkpoint">The last position whose factors are all stored: those of earlier ones are not needed any more.</param>
/// <param name="Attempt">The attempt it belongs to (<see cref="IStoredFactorPartition.BeginAsync"/>); 0 where there is only one.</param>
public sealed record HalfEpoch(int Phase, AlsSolver Solver, bool WithLoss, bool WithGram = false, bool Store = false, int Checkpoint = 0, long Attempt = 0);
