using System.Diagnostics;
using BillApis.Storage;

namespace BillApis.Storage.Sql;

/// <summary>Lets callers that come while a commit is under way share the next one: the price of a commit is paid once for all of them.</summary>
/// <remarks>
/// In the order of arrival. Whoever finds nobody at work writes for all that wait, and then hands over to the first that came meanwhile.
/// A group that fails is tried again one by one, so that each caller gets its own error. Whoever gives up before its turn is left out; after that it is
/// written all the same, since others depend on the same commit.
/// </remarks>
internal sealed class GroupCommit<T>(Func<IReadOnlyList<T>, Task> write, Func<T, int> weigh, int maxWeight, int writers) : IDisposable
{
    // More callers than that wait for room, in order too.
    private const int Places = 4_096;

    // Nobody waits longer for those who may come than a commit takes, by far.
    private const int Looks = 48;
    private static readonly TimeSpan Pause = TimeSpan.FromMicroseconds(50);

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiting> _waiting = [];
    private readonly SemaphoreSlim _places = new(Places);
    private int _writing;
    private volatile int _expected;
    private volatile int _count;

    /// <summary>Returns once the item is written and committed.</summary>
    public async Task WriteAsync(T item, CancellationToken cancellationToken)
    {
        if (AnsweredWork.Current is { Transaction: not null })
        {
            await write([item]).ConfigureAwait(false);
            return;
        }

        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var mine = new Waiting(item);
            var leads = Enter(mine);
            await using (cancellationToken.UnsafeRegister(_ => GiveUp(mine, cancellationToken), null).ConfigureAwait(false))
            {
                if (leads || await mine.Turn.Task.ConfigureAwait(false))
                {
                    await GatherAsync().ConfigureAwait(false);
                    await CommitAsync(Take()).ConfigureAwait(false);
                    HandOver();
                }
            }

            await mine.Done.Task.ConfigureAwait(false);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();

    private bool Enter(Waiting mine)
    {
        lock (_lock)
        {
            _waiting.AddLast(mine);
            _count = _waiting.Count;
            return mine.IsCalled = _writing < writers && ++_writing > 0;
        }
    }

    // Where callers come in numbers, those whose last item was just written are about to come again: whatever is ready to run goes first, for as long as more of them come.
    private async Task GatherAsync()
    {
        var (most, looks, since) = (_count, 0, Stopwatch.GetTimestamp());
        while (most < _expected && (looks == 0 || (looks < Looks && Stopwatch.GetElapsedTime(since) < Pause)))
        {
            await Task.Factory.StartNew(static () => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, TaskScheduler.Default).ConfigureAwait(false);
            var now = _count;
            (most, looks, since) = now > most ? (now, 0, Stopwatch.GetTimestamp()) : (most, looks + 1, since);
        }
    }

    private List<Waiting> Take()
    {
        lock (_lock)
        {
            var (group, weight) = (new List<Waiting>(), 0);
            while (_waiting.First is { } next && (group.Count == 0 || weight + weigh(next.Value.Item) <= maxWeight))
            {
                weight += weigh(next.Value.Item);
                group.Add(next.Value);
                _waiting.RemoveFirst();
            }

            _count = _waiting.Count;
            return group;
        }
    }

    private async Task CommitAsync(List<Waiting> group)
    {
        if (group.Count > 1 && await TryAsync(group).ConfigureAwait(false) is not null)
        {
            foreach (var each in group)
            {
                each.End(await TryAsync([each]).ConfigureAwait(false));
            }
        }
        else
        {
            var error = group.Count == 1 ? await TryAsync(group).ConfigureAwait(false) : null;
            _expected = _count + group.Count;
            group.ForEach(each => each.End(error));
        }
    }

    private async Task<Exception?> TryAsync(List<Waiting> group)
    {
        // What is written for others is no part of the request that happens to write it.
        AnsweredWork.Current = null;
        try
        {
            await write([.. group.Select(each => each.Item)]).ConfigureAwait(false);
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    private void HandOver()
    {
        lock (_lock)
        {
            if (_waiting.FirstOrDefault(each => !each.IsCalled) is not { } next)
            {
                _writing--;
                return;
            }

            next.IsCalled = true;
            next.Turn.TrySetResult(true);
        }
    }

    private void GiveUp(Waiting mine, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_waiting.Remove(mine))
            {
                _count = _waiting.Count;
                mine.Done.TrySetCanceled(cancellationToken);
                mine.Turn.TrySetResult(false);
            }
        }
    }

    private sealed class Waiting(T item)
    {
        public T Item { get; } = item;

        /// <summary>Whether it was told to write for all.</summary>
        public bool IsCalled { get; set; }

        /// <summary>True where it has to write for all that wait, false where that was done for it.</summary>
        public TaskCompletionSource<bool> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void End(Exception? error)
        {
            _ = error is null ? Done.TrySetResult() : Done.TrySetException(error);
            Turn.TrySetResult(false);
        }
    }
}
