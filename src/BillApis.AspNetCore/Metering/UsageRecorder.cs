using BillApis.Metering;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>Makes events of what an application was seen to do, and puts them into the buffer.</summary>
internal sealed partial class UsageRecorder
{
    // The process and a number in it: unique without asking anyone, and the same when a batch is sent again.
    private static readonly string Process = Guid.CreateVersion7().ToString("N");
    private static long _count;
    private readonly UsageBuffer _buffer;
    private readonly IClock _clock;
    private readonly ILogger _logger;
    private readonly string _source;

    public UsageRecorder(UsageBuffer buffer, IOptions<MeteringOptions> options, IHostEnvironment environment, IClock clock, ILogger<UsageRecorder> logger)
    {
        (_buffer, Options, _clock, _logger) = (buffer, options.Value, clock, logger);
        _source = Options.Source ?? environment.ApplicationName;
        Options.Validate(_source);
    }

    public MeteringOptions Options { get; }

    /// <summary>Records an event; whoever has used it is gone or not, what was used counts.</summary>
    public ValueTask<bool> RecordAsync(string eventType, string? customer, EventProperties properties)
    {
        if (properties.IsFull)
        {
            LogFull(eventType, Limits.PropertiesPerEvent);
        }

        return _buffer.AddAsync(Options.Tenant, EventOf(eventType, customer, properties), CancellationToken.None);
    }

    /// <summary>The same for code that cannot be asynchronous.</summary>
    public void Record(string eventType, string? customer, EventProperties properties) => _buffer.Add(Options.Tenant, EventOf(eventType, customer, properties));

    /// <summary>Answers what a function of the application's own says, and null where it throws: no request fails for its metering.</summary>
    public async ValueTask<T?> AskAsync<T>(string name, Func<ValueTask<T?>> function)
    {
        try
        {
            return await function().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // It is the application's own function: it may throw anything.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogThrew(name, exception);
            return default;
        }
    }

    public ValueTask<string?> CustomerAsync(HttpContext context) => AskAsync("MeteringOptions.Customer", () => Options.Customer(context));

    private UsageEvent EventOf(string eventType, string? customer, EventProperties properties) => new()
    {
        Id = $"{Process}-{Interlocked.Increment(ref _count):x}",
        Type = eventType,
        Customer = SafeText.Code(customer) ?? Options.UnknownCustomer,
        Timestamp = _clock.GetCurrentInstant(),
        Properties = properties.Build(),
        Source = _source,
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Function} threw; the usage is kept.")]
    private partial void LogThrew(string function, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An event of the type '{EventType}' has more than {Limit} properties; the last ones were left out.")]
    private partial void LogFull(string eventType, int limit);
}
