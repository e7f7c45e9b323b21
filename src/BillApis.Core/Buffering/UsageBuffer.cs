using System.Threading.Channels;
using BillApis.Metering;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BillApis;

/// <summary>Takes usage without waiting for the database, and stores it in batches behind the caller's back.</summary>
/// <remarks>
/// What is taken is in memory for <see cref="UsageBufferOptions.FlushInterval"/>, and as long as the database fails. Where a kill
/// must not lose even that, use <see cref="Usage.RecordAsync(TenantId, UsageEvent, CancellationToken)"/>. A batch whose outcome is not known is sent again under the same ids, so nothing counts twice.
/// </remarks>
public sealed partial class UsageBuffer : IAsyncDisposable, IDisposable
{
    private const int LoggedRefusals = 10;
    private readonly Func<TenantId, IReadOnlyList<UsageEvent>, CancellationToken, Task<UsageReceipt>> _store;
    private readonly UsageBufferOptions _options;
    private readonly ILogger _logger;
    private readonly MemoryGate _gate;
    private readonly UsageBufferInstruments _instruments;
    private readonly Channel<PendingEvent> _channel = Channel.CreateUnbounded<PendingEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _timeIsUp = new();
    private readonly Lazy<Task> _storing;
    private long _accepted, _stored, _refused, _abandoned, _turnedAway, _retries;

    internal UsageBuffer(Func<TenantId, IReadOnlyList<UsageEvent>, CancellationToken, Task<UsageReceipt>> store, IOptions<UsageBufferOptions> options, ILogger<UsageBuffer> logger)
    {
        (_store, _options, _logger) = (store, options.Value, logger);
        _options.Validate();
        _gate = new MemoryGate(_options.CapacityBytes);
        _storing = new Lazy<Task>(StartStoring);
        _instruments = new UsageBufferInstruments(this);
    }

    /// <summary>What became of the events so far.</summary>
    public UsageBufferCounts Counts
    {
        get
        {
            // What is done is read before what was begun, so that nothing pending is ever negative.
            var (stored, refused, abandoned) = (Interlocked.Read(ref _stored), Interlocked.Read(ref _refused), Interlocked.Read(ref _abandoned));
            var accepted = Interlocked.Read(ref _accepted);
            return new UsageBufferCounts(accepted, stored, refused, abandoned + Interlocked.Read(ref _turnedAway), accepted - stored - refused - abandoned, Interlocked.Read(ref _retries));
        }
    }

    /// <summary>Takes an event; waits for room only where the buffer is full and <see cref="WhenFull.Wait"/> is chosen.</summary>
    /// <returns>Whether it was taken; false only where it was dropped.</returns>
    public async ValueTask<bool> AddAsync(TenantId tenant, UsageEvent item, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        var pending = PendingEvent.Of(tenant, item);
        while (!_closing.IsCancellationRequested)
        {
            if (_gate.TryEnter(pending.Bytes, out var room))
            {
                return Enqueue(pending) || TurnAway();
            }

            if (_options.WhenFull is WhenFull.Drop)
            {
                break;
            }

            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return TurnAway();
    }

    /// <summary>The same for code that cannot be asynchronous: where the buffer is full and <see cref="WhenFull.Wait"/> is chosen, it holds the thread up.</summary>
    /// <returns>Whether it was taken; false only where it was dropped.</returns>
    public bool Add(TenantId tenant, UsageEvent item)
    {
        var adding = AddAsync(tenant, item, CancellationToken.None);
        return adding.IsCompleted ? adding.Result : adding.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Takes no more events and stores what waits, for at most <see cref="UsageBufferOptions.DrainTimeout"/>; a host calls it after everything else has stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_closing.IsCancellationRequested)
        {
            _timeIsUp.CancelAfter(_options.DrainTimeout.ToTimeSpan());
            await _closing.CancelAsync().ConfigureAwait(false);
            _channel.Writer.TryComplete();
            _gate.Leave(0);
        }

        await _storing.Value.ConfigureAwait(false);
        _instruments.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private bool Enqueue(PendingEvent pending)
    {
        // Counted first, so that it is never stored before it was accepted.
        Interlocked.Increment(ref _accepted);
        if (_channel.Writer.TryWrite(pending))
        {
            _ = _storing.Value;
            return true;
        }

        Interlocked.Decrement(ref _accepted);
        _gate.Leave(pending.Bytes);
        return false;
    }

    private bool TurnAway()
    {
        if (Interlocked.Increment(ref _turnedAway) == 1)
        {
            LogTurnedAway(_closing.IsCancellationRequested ? "closed" : "full");
        }

        return false;
    }

    private Task StartStoring()
    {
        // The first event must not lend its request's context to all that follow.
        using var _ = ExecutionContext.SuppressFlow();
        return Task.Run(StoreAsync);
    }

    private async Task StoreAsync()
    {
        var batch = new List<PendingEvent>(_options.BatchSize);
        while (await _channel.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await Task.Delay(_options.FlushInterval.ToTimeSpan(), _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (_channel.Reader.TryRead(out var first))
            {
                batch.Add(first);
                while (batch.Count < _options.BatchSize && _channel.Reader.TryRead(out var next))
                {
                    batch.Add(next);
                }

                foreach (var group in batch.GroupBy(item => item.Tenant))
                {
                    await StoreAsync(group.Key, [.. group.Select(item => item.Event)]).ConfigureAwait(false);
                }

                _gate.Leave(batch.Sum(item => item.Bytes));
                batch.Clear();
            }
        }

        if (Interlocked.Read(ref _abandoned) is var lost and > 0)
        {
            LogAbandoned(lost, _options.DrainTimeout);
        }
    }

    private async Task StoreAsync(TenantId tenant, UsageEvent[] events)
    {
        for (var pause = _options.RetryInterval / 100; !_timeIsUp.IsCancellationRequested; pause = NodaTime.Duration.Min(pause * 2, _options.RetryInterval))
        {
            try
            {
                Count(await _store(tenant, events, _timeIsUp.Token).ConfigureAwait(false));
                return;
            }
            catch (Exception exception) when (exception is OverflowException or ArgumentException or BillingException { Code: not BillingErrorCode.Unavailable })
            {
                await IsolateAsync(tenant, events, exception).ConfigureAwait(false);
                return;
            }
#pragma warning disable CA1031 // Whatever a database throws, the events are still there and are sent again.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Interlocked.Increment(ref _retries);
                LogFailed(events.Length, pause, exception);
                await Task.Delay(pause.ToTimeSpan(), _timeIsUp.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        Interlocked.Add(ref _abandoned, events.Length);
    }

    // An event that can never be stored, as one whose sum has too many digits, must not hold up the others for ever.
    private async Task IsolateAsync(TenantId tenant, UsageEvent[] events, Exception exception)
    {
        if (events.Length == 1)
        {
            Interlocked.Increment(ref _refused);
            LogRefused(events[0].Id, exception.Message, 1);
            return;
        }

        await StoreAsync(tenant, events[..(events.Length / 2)]).ConfigureAwait(false);
        await StoreAsync(tenant, events[(events.Length / 2)..]).ConfigureAwait(false);
    }

    private void Count(UsageReceipt receipt)
    {
        Interlocked.Add(ref _stored, receipt.Accepted + receipt.Duplicates);
        Interlocked.Add(ref _refused, receipt.Rejected.Length);
        foreach (var refused in receipt.Rejected.Take(LoggedRefusals))
        {
            LogRefused(refused.Id, refused.Message, receipt.Rejected.Length);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Events} usage events could not be stored and are sent again in {Pause}.")]
    private partial void LogFailed(int events, NodaTime.Duration pause, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The usage event '{Id}' was refused (one of {Count} in its batch): {Reason}")]
    private partial void LogRefused(string id, string reason, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Usage is being dropped: the buffer is {State}. This is logged once; the counter goes on.")]
    private partial void LogTurnedAway(string state);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Events} usage events are lost: the database did not take them within {Timeout} of the shutdown.")]
    private partial void LogAbandoned(long events, NodaTime.Duration timeout);
}
