using Recsys.Api.Contract;
using Recsys.Api.Hosting;
using Recsys.Api.Security;
using Recsys.Engine.Serving;

namespace Recsys.Api.Endpoints;

/// <summary>Versions of models: list, activate, roll back.</summary>
internal sealed class ModelEndpoints(ServiceContext service)
{
    private const string Tag = "models";
    private const int ModelSegment = 3;

    private IModelVersions Models => service.Parts.Models ?? throw ApiException.NotImplemented("this service does not manage models");

    public IEnumerable<ApiRoute> Routes() =>
    [
        new(HttpMethods.Get, "/api/v1/models", Tag, Access.Read, "All versions of all models", ListAsync)
        {
            Operation = "listModels",
            Reply = ApiJson.Default.ModelsReply,
        },
        new(HttpMethods.Post, "/api/v1/models/{model}/activate", Tag, Access.Admin, "Makes a version answer for its model", ActivateAsync)
        {
            Operation = "activateModel",
            Body = ApiJson.Default.ActivationBody,
            Reply = ApiJson.Default.ModelReply,
            Errors = [(404, "There is no such model or version.")],
            Description = "The swap is atomic: a request sees one version from beginning to end.",
        },
        new(HttpMethods.Post, "/api/v1/models/{model}/rollback", Tag, Access.Admin, "Returns to the version that was active before", RollBackAsync)
        {
            Operation = "rollBackModel",
            Reply = ApiJson.Default.ModelReply,
            Errors = [(404, "There is no such model.")],
        },
    ];

    private async Task ListAsync(HttpContext context)
    {
        var versions = await Models.ListAsync(context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(context, new ModelsReply([.. versions.Select(ToReply)]), ApiJson.Default.ModelsReply).ConfigureAwait(false);
    }

    private async Task ActivateAsync(HttpContext context)
    {
        string model = PathId.Get(context, ModelSegment);
        var body = await BodyReader.ReadAsync(context, ApiJson.Default.ActivationBody).ConfigureAwait(false);
        var version = await Models.ActivateAsync(model, body.Version, body.Default, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(context, ToReply(version), ApiJson.Default.ModelReply).ConfigureAwait(false);
    }

    private async Task RollBackAsync(HttpContext context)
    {
        string model = PathId.Get(context, ModelSegment);
        var version = await Models.RollBackAsync(model, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(context, ToReply(version), ApiJson.Default.ModelReply).ConfigureAwait(false);
    }

    private static ModelReply ToReply(ModelVersion version) => new(
        version.Model,
        version.Version,
        version.Kind,
        version.Facts.Algorithm,
        version.Active,
        version.Default,
        version.Stored,
        version.Users,
        version.Items,
        version.Interactions,
        version.Facts.Dataset,
        version.Facts.TrainingSeconds,
        version.Facts.Created,
        version.Facts.Options,
        version.Facts.Metrics,
        version.Facts.Losses);
}
