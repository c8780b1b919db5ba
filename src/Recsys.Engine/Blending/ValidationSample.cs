namespace Recsys.Engine.Blending;

/// <summary>One user the weights are fitted on: the items that matter and what each member says of them.</summary>
/// <param name="HistoryLength">Items of the user's history.</param>
/// <param name="Scores">Scaled scores of the candidates, member after member; candidates in item order.</param>
/// <param name="Candidates">Number of candidates.</param>
/// <param name="Relevant">Places among the candidates of the items to be found.</param>
/// <param name="RelevantCount">Items to be found in all; those that are no candidates are out of reach.</param>
internal sealed record ValidationSample(int HistoryLength, float[] Scores, int Candidates, int[] Relevant, int RelevantCount);
