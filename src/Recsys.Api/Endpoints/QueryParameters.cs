using Recsys.Api.Hosting;
using Recsys.Engine.Serving;

namespace Recsys.Api.Endpoints;

/// <summary>Query parameters of recommendations, and the checks that bodies share with them.</summary>
internal static class QueryParameters
{
    /// <summary>Most ids in a list: exclude, allow, history.</summary>
    public const int MostIds = 10_000;

    /// <summary>Most categories in a list.</summary>
    public const int MostCategories = 64;

    public const int MostReasons = 1000;
    private const int MostOffset = 10_000;

    public static IReadOnlyList<RouteParameter> Recommendation(ServiceOptions options) =>
    [
        new("n", "integer", "How many items.") { Default = "20", Minimum = 1, Maximum = options.MaxCount },
        new("offset", "integer", "How many of the best are passed over first.") { Default = "0", Minimum = 0, Maximum = MostOffset },
        new("category", "array", "Only items of one of these categories; repeat it for several."),
        new("exclude", "array", "Items never to return; repeat it for several."),
        new("allow", "array", "Only these items; repeat it for several."),
        new("keepSeen", "boolean", "Whether items of the history may be returned.") { Default = "false" },
        new("model", "string", "Which model; the default one where it is not named."),
        new("explain", "boolean", "Whether to say why.") { Default = "false" },
        new("reasons", "integer", "Most reasons an item, the strongest first.") { Default = "10", Minimum = 1, Maximum = MostReasons },
        new("names", "boolean", "Whether to add display names.") { Default = "false" },
    ];

    /// <summary>Reads the parameters of <see cref="Recommendation"/>.</summary>
    public static (RecommendationQuery Query, bool Names) Read(
        HttpRequest request, string? user, ServiceOptions options, IReadOnlyList<RouteParameter> known)
    {
        if (!request.QueryString.HasValue)
        {
            return (new RecommendationQuery { User = user }, false);
        }

        int n = 20, offset = 0, reasons = 10;
        bool keepSeen = false, explain = false, names = false;
        string? model = null;
        List<string>? categories = null, exclude = null, allow = null;
        var reader = new QueryReader(request);
        while (reader.Next())
        {
            switch (reader.Name)
            {
                case "n":
                    reader.Once(0);
                    n = reader.Int(1, options.MaxCount);
                    break;
                case "offset":
                    reader.Once(1);
                    offset = reader.Int(0, MostOffset);
                    break;
                case "keepSeen":
                    reader.Once(2);
                    keepSeen = reader.Flag();
                    break;
                case "model":
                    reader.Once(3);
                    model = reader.Text();
                    break;
                case "explain":
                    reader.Once(4);
                    explain = reader.Flag();
                    break;
                case "reasons":
                    reader.Once(5);
                    reasons = reader.Int(1, MostReasons);
                    break;
                case "names":
                    reader.Once(6);
                    names = reader.Flag();
                    break;
                case "category":
                    (categories ??= []).Add(reader.Text());
                    break;
                case "exclude":
                    (exclude ??= []).Add(reader.Text());
                    break;
                case "allow":
                    (allow ??= []).Add(reader.Text());
                    break;
                default:
                    throw reader.Unknown(known);
            }
        }

        return (new RecommendationQuery
        {
            User = user,
            Count = n,
            Offset = offset,
            KeepSeen = keepSeen,
            Model = model,
            Explain = explain,
            Reasons = reasons,
            Categories = CheckList(categories ?? [], "category", MostCategories),
            Exclude = exclude ?? (IReadOnlyList<string>)[],
            Allow = allow,
        }, names);
    }

    /// <summary>A body's query, checked.</summary>
    /// <param name="body">What the caller sent.</param>
    /// <param name="options">Limits.</param>
    /// <param name="at">Its place in the body, for messages: "" or "queries[3].".</param>
    public static RecommendationQuery FromBody(Contract.RecommendationBody body, ServiceOptions options, string at)
    {
        Range(body.N, 1, options.MaxCount, at, "n");
        Range(body.Offset, 0, MostOffset, at, "offset");
        Range(body.Reasons, 1, MostReasons, at, "reasons");
        if (body.User is not null)
        {
            Texts.CheckId(body.User, at + "user");
        }

        if (body.User is not null && body.History is not null)
        {
            throw ApiException.BadRequest($"{at}user and {at}history: one of the two is expected");
        }

        return new RecommendationQuery
        {
            User = body.User,
            History = History(body.History, at),
            Count = body.N,
            Offset = body.Offset,
            Categories = CheckList(body.Categories, at + "categories", MostCategories),
            Exclude = CheckList(body.Exclude, at + "exclude", MostIds),
            Allow = body.Allow is null ? null : CheckList(body.Allow, at + "allow", MostIds),
            KeepSeen = body.KeepSeen,
            Model = body.Model,
            Explain = body.Explain,
            Reasons = body.Reasons,
        };
    }

    private static HistoryItem[]? History(IReadOnlyList<Contract.HistoryBody>? history, string at)
    {
        const float MostWeight = 1e6f;
        if (history is null)
        {
            return null;
        }

        if (history.Count > MostIds)
        {
            throw ApiException.BadRequest($"{at}history: more than {MostIds} items");
        }

        var items = new HistoryItem[history.Count];
        for (int i = 0; i < items.Length; i++)
        {
            var entry = history[i] ?? throw ApiException.BadRequest($"{at}history[{i}]: expected an object, found null");
            Texts.CheckId(entry.Item, $"{at}history[{i}].item");
            if (!(Math.Abs(entry.Weight) <= MostWeight))
            {
                throw ApiException.BadRequest($"{at}history[{i}].weight: expected a number from -1000000 to 1000000");
            }

            items[i] = new HistoryItem(entry.Item, entry.Weight);
        }

        return items;
    }

    public static IReadOnlyList<string> CheckList(IReadOnlyList<string> list, string what, int most)
    {
        if (list.Count > most)
        {
            throw ApiException.BadRequest($"{what}: more than {most}");
        }

        foreach (string? text in list)
        {
            Texts.Check(text ?? throw ApiException.BadRequest($"{what}: expected texts, found null"), what);
        }

        return list;
    }

    public static void Range(int value, int minimum, int maximum, string at, string name)
    {
        if (value < minimum || value > maximum)
        {
            throw ApiException.BadRequest($"{at}{name}: expected a whole number from {minimum} to {maximum}, found {value}");
        }
    }
}
