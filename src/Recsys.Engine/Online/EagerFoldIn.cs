namespace Recsys.Engine.Online;

/// <summary>
/// Folds users in whose history has changed, before anyone asks, on a thread of its own. A user who changes again while
/// waiting is folded in once.
/// </summary>
internal sealed class EagerFoldIn : IAsyncDisposable
{
    private const int UsersPerLock = 32;

    private readonly Lock _gate = new();
    private readonly OnlineState _state;
    private readonly SemaphoreSlim _work = new(0, 1);
    private readonly Task _loop;
    private HashSet<int> _waiting = [];
    private TaskCompletionSource? _idle;
    private volatile bool _stopping;

    public EagerFoldIn(OnlineState state)
    {
        _state = state;
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Users folded in so far.</summary>
    public long Folded { get; private set; }

    public void Add(IReadOnlyCollection<int> users)
    {
        lock (_gate)
        {
            _waiting.UnionWith(users);
        }

        Wake();
    }

    /// <summary>Done when nobody waits.</summary>
    public Task WaitIdleAsync()
    {
        lock (_gate)
        {
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Wake();
            return _idle.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        Wake();
        await _loop.ConfigureAwait(false);
        _work.Dispose();
    }

    private void Wake()
    {
        try
        {
            _work.Release();
        }
        catch (SemaphoreFullException)
        {
            // Awake already.
        }
    }

    private void Run()
    {
        while (!_stopping)
        {
            _work.Wait();
            HashSet<int> users;
            lock (_gate)
            {
                users = _waiting;
                _waiting = [];
            }

            foreach (int[] chunk in users.Chunk(UsersPerLock))
            {
                if (_stopping)
                {
                    return;
                }

                _state.Read(s =>
                {
                    foreach (int user in chunk)
                    {
                        s.Als!.UserFactors(user, s.Histories);
                    }

                    return 0;
                });
                Folded += chunk.Length;
            }

            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _idle?.SetResult();
                    _idle = null;
                }
                else
                {
                    Wake();
                }
            }
        }
    }
}
