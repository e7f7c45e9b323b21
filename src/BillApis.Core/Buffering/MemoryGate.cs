namespace BillApis;

/// <summary>Lets in as much as fits below a bound; what does not fit can wait for the next leave.</summary>
internal sealed class MemoryGate(long capacity)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _room = NewRoom();
    private long _used;

    /// <summary>Takes room, or answers a task that ends once there may be some. Anything fits into an empty gate.</summary>
    public bool TryEnter(long size, out Task room)
    {
        lock (_lock)
        {
            room = _room.Task;
            if (_used > 0 && size > capacity - _used)
            {
                return false;
            }

            _used += size;
            return true;
        }
    }

    /// <summary>Gives room back and wakes all who wait; with nothing to give back it only wakes them.</summary>
    public void Leave(long size)
    {
        lock (_lock)
        {
            _used -= size;
            _room.SetResult();
            _room = NewRoom();
        }
    }

    private static TaskCompletionSource NewRoom() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
