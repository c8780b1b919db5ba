namespace Recsys.Engine.Blending;

/// <summary>Fitted weights and how they were found.</summary>
/// <param name="Weights">The weights.</param>
/// <param name="Value">
/// The metric of the blend on the validation users, cross-validated: weights fitted without a fifth of the users, measured on it.
/// </param>
/// <param name="MemberValues">The metric of each member alone on the same users.</param>
/// <param name="Users">Users the weights were fitted on.</param>
/// <param name="BandShare">
/// How far the bands' own weights are followed, 0 (the same weights for all) to 1, chosen by cross-validation.
/// </param>
public sealed record BlendFit(BlendWeights Weights, double Value, IReadOnlyList<double> MemberValues, int Users, double BandShare);
