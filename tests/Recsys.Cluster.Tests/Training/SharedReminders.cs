using Orleans.Runtime;

namespace Recsys.Cluster.Tests.Training;

/// <summary>Reminders that outlive any silo of the test, as those in a database do.</summary>
internal sealed class SharedReminders : IReminderTable
{
    private readonly Dictionary<(GrainId, string), ReminderEntry> _entries = [];

    public int Count
    {
        get
        {
            lock (_entries)
            {
                return _entries.Count;
            }
        }
    }

    public Task<ReminderTableData> ReadRows(GrainId grainId) => Read(e => e.GrainId == grainId);

    public Task<ReminderTableData> ReadRows(uint begin, uint end) => Read(e =>
    {
        uint hash = e.GrainId.GetUniformHashCode();
        return begin < end ? hash > begin && hash <= end : hash > begin || hash <= end;
    });

    public Task<ReminderEntry> ReadRow(GrainId grainId, string reminderName)
    {
        lock (_entries)
        {
            return Task.FromResult(_entries.GetValueOrDefault((grainId, reminderName))!);
        }
    }

    public Task<string> UpsertRow(ReminderEntry entry)
    {
        lock (_entries)
        {
            entry.ETag = Guid.NewGuid().ToString();
            _entries[(entry.GrainId, entry.ReminderName)] = entry;
            return Task.FromResult(entry.ETag);
        }
    }

    public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag)
    {
        lock (_entries)
        {
            return Task.FromResult(_entries.Remove((grainId, reminderName)));
        }
    }

    public Task TestOnlyClearTable() => Task.CompletedTask;

    private Task<ReminderTableData> Read(Func<ReminderEntry, bool> wanted)
    {
        lock (_entries)
        {
            return Task.FromResult(new ReminderTableData(_entries.Values.Where(wanted)));
        }
    }
}
