using Recsys.Api.Endpoints;

namespace Recsys.Api.Hosting;

/// <summary>All endpoints of the service.</summary>
internal static class RouteTable
{
    public static IReadOnlyList<ApiRoute> Create(ServiceContext service) =>
    [
        .. new RecommendationEndpoints(service).Routes(),
        .. new OnboardingEndpoints(service).Routes(),
        .. new CatalogueEndpoints(service).Routes(),
        .. new EventEndpoints(service).Routes(),
        .. new UserEndpoints(service).Routes(),
        .. new ModelEndpoints(service).Routes(),
        .. new TrainingEndpoints(service).Routes(),
        .. new TransferEndpoints(service).Routes(),
        .. new StatusEndpoints(service).Routes(),
    ];
}
