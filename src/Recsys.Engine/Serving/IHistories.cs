using Recsys.Engine.Data;

namespace Recsys.Engine.Serving;

/// <summary>The histories of all users, to train on and to export.</summary>
public interface IHistories
{
    /// <summary>A copy of them as they stand.</summary>
    ValueTask<Dataset> GetHistoriesAsync(CancellationToken cancellationToken = default);
}
