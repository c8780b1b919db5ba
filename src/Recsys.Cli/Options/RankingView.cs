using Recsys.Cli.Output;
using Recsys.Engine.Models;

namespace Recsys.Cli.Options;

/// <summary>How a ranking is to be made and shown.</summary>
internal sealed record RankingView(int Count, ItemFilter Filter, string Format, RecommendationOutput Output);
