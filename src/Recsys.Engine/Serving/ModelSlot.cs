using System.Diagnostics.CodeAnalysis;

namespace Recsys.Engine.Serving;

/// <summary>
/// Holds the one version of a model that is live. <see cref="Swap"/> puts another in its place at once; a request that
/// leased the old one keeps it until it is done, and the old one is disposed when its last lease ends. Leasing takes
/// no lock.
/// </summary>
/// <typeparam name="T">The model: immutable, shared by all leases.</typeparam>
public sealed class ModelSlot<T> : IDisposable
    where T : class, IDisposable
{
    private readonly Lock _swap = new();
    private volatile Version? _live;
    private long _number;
    private bool _closed;

    /// <summary>An empty slot.</summary>
    public ModelSlot()
    {
    }

    /// <summary>A slot with its first version, which it then owns.</summary>
    public ModelSlot(T model) => Swap(model);

    /// <summary>The number of the live version: 0 before the first, one more with each swap.</summary>
    public long VersionNumber => _live?.Number ?? 0;

    /// <summary>
    /// Makes <paramref name="model"/>, which the slot then owns, the live version. Returns its number.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The slot is closed; the model stays the caller's.</exception>
    /// <exception cref="ArgumentException">It is the live version already.</exception>
    public long Swap(T model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Version? old;
        long number;
        lock (_swap)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            old = _live;
            if (ReferenceEquals(old?.Model, model))
            {
                throw new ArgumentException("the model is live already", nameof(model));
            }

            number = ++_number;
            _live = new Version(model, number);
        }

        old?.Release();
        return number;
    }

    /// <summary>The live version, to be disposed at the end of the request.</summary>
    /// <exception cref="RecsysException">There is none.</exception>
    public ModelLease<T> Lease() =>
        TryLease(out var lease) ? lease : throw new RecsysException("no model is live yet");

    /// <summary>The live version, or false where there is none.</summary>
    public bool TryLease([NotNullWhen(true)] out ModelLease<T>? lease)
    {
        // A version read here may have been swapped out and disposed before it is acquired; then a newer one is live.
        while (_live is { } version)
        {
            if (version.TryAcquire())
            {
                lease = new ModelLease<T>(version);
                return true;
            }
        }

        lease = null;
        return false;
    }

    /// <summary>Takes the live version out; its last lease disposes it. No version can be put in any more.</summary>
    public void Dispose()
    {
        Version? old;
        lock (_swap)
        {
            _closed = true;
            old = _live;
            _live = null;
        }

        old?.Release();
    }

    /// <summary>A model with the number of those who hold it: its leases, and the slot while it is live.</summary>
    internal sealed class Version(T model, long number) : Counted
    {
        public T Model { get; } = model;

        public long Number { get; } = number;

        protected override void Free() => Model.Dispose();
    }
}
