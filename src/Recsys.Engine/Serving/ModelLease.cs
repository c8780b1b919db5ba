namespace Recsys.Engine.Serving;

/// <summary>
/// One request's hold on a version of a model: dispose it at the request's end, and use the model no longer then.
/// </summary>
/// <typeparam name="T">The model.</typeparam>
public sealed class ModelLease<T> : IDisposable
    where T : class, IDisposable
{
    private ModelSlot<T>.Version? _version;

    internal ModelLease(ModelSlot<T>.Version version) => _version = version;

    /// <summary>The model, the same throughout the lease.</summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public T Model => Held.Model;

    /// <summary>The number of its version in the slot.</summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public long VersionNumber => Held.Number;

    private ModelSlot<T>.Version Held => _version ?? throw new ObjectDisposedException(nameof(ModelLease<T>));

    /// <summary>
    /// Ends the lease; the last one of a version that is no longer live disposes the model. More calls do nothing.
    /// </summary>
    public void Dispose() => Interlocked.Exchange(ref _version, null)?.Release();
}
