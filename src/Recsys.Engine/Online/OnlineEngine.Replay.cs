using Recsys.Engine.Storage;

namespace Recsys.Engine.Online;

/// <summary>Applying what is found in the journal: others may be asked in between what they know by now.</summary>
public sealed partial class OnlineEngine
{
    /// <summary>Events that are applied between two calls of <see cref="OnlineOptions.Replaying"/>.</summary>
    internal const int ReplayStep = 512;

    private async ValueTask ApplyAsync(EventBatch batch)
    {
        if (_options.Replaying is not { } replaying || _state.Position >= _replayTo)
        {
            _state.Apply(batch);
            return;
        }

        for (int first = 0; first < batch.Count; first += ReplayStep)
        {
            await replaying(_state, _stopping.Token).ConfigureAwait(false);
            _state.Apply(batch, first, Math.Min(batch.Count, first + ReplayStep));
        }
    }
}
