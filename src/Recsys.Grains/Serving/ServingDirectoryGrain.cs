using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Distributed;
using Recsys.Engine.Storage;

namespace Recsys.Grains.Serving;

/// <summary>A <see cref="ModelRegistry"/> and a <see cref="Catalogue"/> behind an address.</summary>
[CollectionAgeLimit(AlwaysActive = true)]
internal sealed class ServingDirectoryGrain(
    RecsysServingOptions options, ServingNode node, IBlobStore blobs, IClusterMembershipService membership, ILogger<ServingDirectoryGrain> logger)
    : Grain, IServingDirectoryGrain
{
    private readonly ModelRegistry _models = new(blobs);
    private readonly Catalogue _items = new(blobs);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _models.RefreshAsync(cancellationToken);
        await _items.RefreshAsync(cancellationToken);
        var balancer = new PartitionBalancer(GrainFactory, options);
        this.RegisterGrainTimer(_ => BalanceAsync(balancer), new() { DueTime = options.BalanceEvery, Period = options.BalanceEvery, Interleave = true });
    }

    public Task<ServingRevision> RevisionAsync() => Task.FromResult(new ServingRevision(_models.Current.Revision, _items.Number));

    public Task<ServingSettings> SettingsAsync() => Task.FromResult(options.ToSettings());

    public async Task<ModelVersion[]> ListAsync()
    {
        var trained = await _models.ListAsync();
        return node.Live is not { } live ? [.. trained]
            : [live.Describe(node.AnswersLive(LiveLmf.ModelName), node.AnswersLive(null)), .. trained];
    }

    public Task<ModelVersion> AddedAsync(string model, string version, bool activate) => _models.AddedAsync(model, version, activate).AsTask();

    public Task<ModelVersion> ActivateAsync(string model, string? version, bool makeDefault) =>
        _models.ActivateAsync(model, version, makeDefault).AsTask();

    public Task<ModelVersion> RollBackAsync(string model) => _models.RollBackAsync(model).AsTask();

    public Task UpsertAsync(ItemUpdate[] items) => _items.UpsertAsync(items).AsTask();

    public Task<bool> DeleteAsync(string item) => _items.DeleteAsync(item).AsTask();

    private async Task BalanceAsync(PartitionBalancer balancer)
    {
        try
        {
            var silos = membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).Order();
            await balancer.BalanceAsync([.. silos]);
        }
        catch (Exception e)
        {
            logger.LogWarning(e, "partitions could not be dealt out anew; it is tried again");
        }
    }
}
