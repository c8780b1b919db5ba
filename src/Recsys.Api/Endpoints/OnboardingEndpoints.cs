using System.Security.Cryptography;
using System.Text;
using Recsys.Api.Contract;
using Recsys.Api.Hosting;
using Recsys.Api.Security;
using Recsys.Engine.ColdStart;
using Recsys.Engine.Serving;

namespace Recsys.Api.Endpoints;

/// <summary>New users: what to ask them, and making them known from what they like.</summary>
internal sealed class OnboardingEndpoints(ServiceContext service)
{
    private const string Tag = "onboarding";
    private const int UserSegment = 3;
    private const int MostAnswers = 200;
    private const int MostQuestions = 100;

    public IEnumerable<ApiRoute> Routes() =>
    [
        new(HttpMethods.Post, "/api/v1/onboarding", Tag, Access.Read, "The next questions to a new user, and recommendations so far", NextAsync)
        {
            Operation = "onboard",
            Body = ApiJson.Default.OnboardingBody,
            Reply = ApiJson.Default.OnboardingReply,
            Errors = [(409, "The model is spread over a cluster in a way that it cannot be asked."), (501, "The service cannot.")],
            Description = "Nothing is kept: send all answers so far each time. The questions are those whose answers are expected to tell most; about ten are enough to begin with.",
        },
        new(HttpMethods.Post, "/api/v1/users/{id}/onboarding", Tag, Access.Write, "Makes a user known from likes and dislikes", CreateAsync)
        {
            Operation = "createUser",
            Body = ApiJson.Default.NewUserBody,
            Success = StatusCodes.Status202Accepted,
            Reply = ApiJson.Default.NewUserReply,
            Errors = [(501, "The service has no event store.")],
            Description = "Accepts a like or dislike event for each item, all or none, and answers when they are durable. With an id of its own the onboarding counts once, however often it is sent.",
        },
    ];

    private async Task NextAsync(HttpContext context)
    {
        var onboarding = service.Parts.Onboarding ?? throw ApiException.NotImplemented("this service asks new users nothing");
        var body = await BodyReader.ReadAsync(context, ApiJson.Default.OnboardingBody).ConfigureAwait(false);
        QueryParameters.Range(body.Questions, 0, MostQuestions, "", "questions");
        QueryParameters.Range(body.N, 0, service.Options.MaxCount, "", "n");
        QueryParameters.Range(body.Reasons, 1, QueryParameters.MostReasons, "", "reasons");
        var query = new OnboardingQuery
        {
            Answers =
            [
                .. Ids(body.Likes, "likes").Select(i => new ItemAnswer(i, Answer.Like)),
                .. Ids(body.Dislikes, "dislikes").Select(i => new ItemAnswer(i, Answer.Dislike)),
                .. Ids(body.Unknown, "unknown").Select(i => new ItemAnswer(i, Answer.Unknown)),
            ],
            Questions = body.Questions,
            Count = body.N,
            Categories = QueryParameters.CheckList(body.Categories, "categories", QueryParameters.MostCategories),
            Model = body.Model,
            Explain = body.Explain,
            Reasons = body.Reasons,
        };
        CheckOnce(query.Answers.Select(a => a.Item));
        var step = await onboarding.NextAsync(query, context.RequestAborted).ConfigureAwait(false);
        context.Response.Headers[RecommendationEndpoints.VersionHeader] = step.Recommendations.Version;
        await JsonAnswer.SendAsync(context, (step, body.Names), static (json, state) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("questions");
            foreach (var question in state.step.Questions)
            {
                json.WriteStartObject();
                json.WriteString("item", question.Item);
                json.WriteNumber("worth", question.Worth);
                if (state.Names && question.Name is not null)
                {
                    json.WriteString("name", question.Name);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WritePropertyName("recommendations");
            RecommendationWriter.Write(json, null, state.step.Recommendations, state.Names);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private async Task CreateAsync(HttpContext context)
    {
        string user = PathId.Get(context, UserSegment);
        var ingest = service.Parts.Events ?? throw ApiException.NotImplemented("this service has no event store; start it with --data DIR");
        var body = await BodyReader.ReadAsync(context, ApiJson.Default.NewUserBody).ConfigureAwait(false);
        if (body.Id is not null)
        {
            Texts.CheckId(body.Id, "id");
        }

        var likes = Ids(body.Likes, "likes");
        var dislikes = Ids(body.Dislikes, "dislikes");
        CheckOnce(likes.Concat(dislikes));
        IncomingEvent[] events =
        [
            .. likes.Select(item => new IncomingEvent(user, item, "like", EventId(body.Id, user, item))),
            .. dislikes.Select(item => new IncomingEvent(user, item, "dislike", EventId(body.Id, user, item))),
        ];
        if (events.Length == 0)
        {
            throw ApiException.BadRequest("likes and dislikes: expected an item, found none");
        }

        var receipt = await ingest.AcceptAsync(events, context.RequestAborted).ConfigureAwait(false);
        service.Metrics.CountEvents(receipt.Accepted, receipt.Duplicates);
        await JsonAnswer.SendAsync(
            context,
            new NewUserReply(user, receipt.Accepted, receipt.Duplicates, receipt.Position),
            ApiJson.Default.NewUserReply,
            StatusCodes.Status202Accepted).ConfigureAwait(false);
    }

    /// <summary>The same for the same answer of the same onboarding; lengths keep the parts apart.</summary>
    private static string? EventId(string? onboarding, string user, string item) => onboarding is null
        ? null
        : $"onboarding-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{onboarding.Length} {user.Length} {onboarding}{user}{item}")))}";

    private static IReadOnlyList<string> Ids(IReadOnlyList<string> list, string what)
    {
        if (list.Count > MostAnswers)
        {
            throw ApiException.BadRequest($"{what}: more than {MostAnswers}");
        }

        foreach (string id in list)
        {
            Texts.CheckId(id, what);
        }

        return list;
    }

    private static void CheckOnce(IEnumerable<string> items)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string item in items)
        {
            if (!seen.Add(item))
            {
                throw ApiException.BadRequest("likes, dislikes and unknown: an item stands twice");
            }
        }
    }
}
