using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BillApis.AspNetCore;

/// <summary>Turns each measurement of the selected instruments into a usage event.</summary>
internal sealed partial class InstrumentListener : IHostedService, IDisposable
{
    private readonly UsageRecorder _recorder;
    private readonly ILogger _logger;
    private readonly MeterListener _listener = new();
    private readonly Dictionary<(string, string), MeteredInstrument> _selected;

    // A host makes all of its services before it starts the first, so that nothing they measure is missed.
    public InstrumentListener(UsageRecorder recorder, IEnumerable<MeteredInstrument> selected, ILogger<InstrumentListener> logger)
    {
        (_recorder, _logger) = (recorder, logger);
        _selected = selected.ToDictionary(item => (item.Meter, item.Instrument));
        _listener.InstrumentPublished = Published;
        Listen<byte>(value => value);
        Listen<short>(value => value);
        Listen<int>(value => value);
        Listen<long>(value => value);
        Listen<decimal>(value => value);
        _listener.Start();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // What is measured while the host stops is still taken, as long as the buffer takes it.
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _listener.Dispose();

    private void Published(Instrument instrument, MeterListener listener)
    {
        if (!_selected.TryGetValue((instrument.Meter.Name, instrument.Name), out var selected))
        {
            return;
        }

        var isExact = instrument.GetType().GetGenericArguments() is [var number] && (number == typeof(byte) || number == typeof(short) || number == typeof(int) || number == typeof(long) || number == typeof(decimal));
        if (instrument.IsObservable || !isExact)
        {
            LogUnmetered(instrument.Meter.Name, instrument.Name, instrument.IsObservable ? "it is observed, so that what it measures depends on how often it is asked" : "its numbers are binary floats");
            return;
        }

        listener.EnableMeasurementEvents(instrument, selected);
    }

    private void Listen<T>(Func<T, decimal> read) where T : struct =>
        _listener.SetMeasurementEventCallback<T>((instrument, value, tags, state) => Record(instrument, (MeteredInstrument)state!, read(value), tags));

    private void Record(Instrument instrument, MeteredInstrument selected, decimal value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var properties = new EventProperties();
        string? customer = null;
        properties.Set("value", value);
        foreach (var (name, tag) in tags)
        {
            var property = EventProperties.Of(tag);
            customer = name == selected.CustomerTag ? property.Text : customer;
            properties.SetIfAbsent(name, property);
        }

        foreach (var (name, tag) in (instrument.Tags ?? []).Concat(instrument.Meter.Tags ?? []))
        {
            properties.SetIfAbsent(name, EventProperties.Of(tag));
        }

        _recorder.Record(selected.EventType, customer, properties);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The instrument '{Instrument}' of the meter '{Meter}' cannot be billed by: {Reason}.")]
    private partial void LogUnmetered(string meter, string instrument, string reason);
}
