using Recsys.Engine.Serving;

namespace Recsys.Engine.Tests.Serving;

public sealed class ModelSlotTests
{
    [Fact]
    public void A_lease_keeps_its_version_until_it_ends()
    {
        var first = new Model();
        var second = new Model();
        using var slot = new ModelSlot<Model>(first);
        var lease = slot.Lease();
        var another = slot.Lease();
        Assert.Equal(2, slot.Swap(second));
        Assert.Same(first, lease.Model);
        Assert.Equal(1, lease.VersionNumber);
        Assert.Equal(2, slot.VersionNumber);
        using (var newer = slot.Lease())
        {
            Assert.Same(second, newer.Model);
        }

        lease.Dispose();
        lease.Dispose();
        Assert.Equal(0, first.Disposals);
        another.Dispose();
        Assert.Equal(1, first.Disposals);
        Assert.Equal(0, second.Disposals);
        Assert.Throws<ObjectDisposedException>(() => lease.Model);
    }

    [Fact]
    public void A_version_without_leases_is_disposed_when_it_is_swapped_out()
    {
        var first = new Model();
        var slot = new ModelSlot<Model>(first);
        slot.Lease().Dispose();
        slot.Swap(new Model());
        Assert.Equal(1, first.Disposals);
    }

    [Fact]
    public void An_empty_or_closed_slot_says_so()
    {
        var slot = new ModelSlot<Model>();
        Assert.False(slot.TryLease(out _));
        Assert.Equal(0, slot.VersionNumber);
        Assert.Throws<RecsysException>(slot.Lease);
        var model = new Model();
        slot.Swap(model);
        Assert.Throws<ArgumentException>(() => slot.Swap(model));
        var lease = slot.Lease();
        slot.Dispose();
        slot.Dispose();
        Assert.False(slot.TryLease(out _));
        Assert.Equal(0, model.Disposals);
        lease.Dispose();
        Assert.Equal(1, model.Disposals);
        var late = new Model();
        Assert.Throws<ObjectDisposedException>(() => slot.Swap(late));
        Assert.Equal(0, late.Disposals);
    }

    [Fact]
    public void A_version_whose_last_holder_left_cannot_be_leased_again()
    {
        var model = new Model();
        var version = new ModelSlot<Model>.Version(model, 1);
        Assert.True(version.TryAcquire());
        version.Release();
        version.Release();
        Assert.Equal(1, model.Disposals);
        Assert.False(version.TryAcquire());
    }

    [Fact]
    public void Under_concurrent_swaps_no_lease_sees_a_disposed_model_and_every_model_is_disposed_once()
    {
        const int Swaps = 4000;
        var models = Enumerable.Range(0, Swaps).Select(_ => new Model()).ToArray();
        using var slot = new ModelSlot<Model>(models[0]);
        using var started = new CountdownEvent(3);
        bool done = false;
        long leases = 0;
        int faults = 0;
        var readers = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            started.Signal();
            long last = 0;
            while (!Volatile.Read(ref done))
            {
                using var lease = slot.Lease();
                bool held = lease.Model.Disposals == 0 && lease.VersionNumber >= last;
                last = lease.VersionNumber;
                Thread.SpinWait(20);
                if (!held || lease.Model.Disposals != 0)
                {
                    Interlocked.Increment(ref faults);
                }

                Interlocked.Increment(ref leases);
            }
        })).ToArray();
        Array.ForEach(readers, r => r.Start());
        started.Wait();
        for (int s = 1; s < Swaps; s++)
        {
            slot.Swap(models[s]);
            Thread.SpinWait(50);
            if (s % 64 == 0)
            {
                Thread.Yield();
            }
        }

        while (Interlocked.Read(ref leases) < 1000)
        {
            Thread.Sleep(1);
        }

        Volatile.Write(ref done, true);
        Array.ForEach(readers, r => r.Join());
        Assert.Equal(0, faults);
        Assert.All(models[..^1], m => Assert.Equal(1, m.Disposals));
        Assert.Equal(0, models[^1].Disposals);
    }

    private sealed class Model : IDisposable
    {
        private int _disposals;

        public int Disposals => Volatile.Read(ref _disposals);

        public void Dispose() => Interlocked.Increment(ref _disposals);
    }
}
