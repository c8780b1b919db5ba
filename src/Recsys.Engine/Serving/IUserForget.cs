namespace Recsys.Engine.Serving;

/// <summary>Forgetting users.</summary>
public interface IUserForget
{
    /// <summary>
    /// Removes a user's history and what was learned from it, durably. Returns false when nothing is known of the user.
    /// </summary>
    ValueTask<bool> ForgetAsync(string user, CancellationToken cancellationToken = default);
}
