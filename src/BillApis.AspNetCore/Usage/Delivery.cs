using System.Reflection;
using System.Text.Json;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace BillApis.AspNetCore;

/// <summary>The events of one request, in whatever form they came; what cannot be read as an event is named, and does not keep the others out.</summary>
internal sealed record Delivery : IEndpointParameterMetadataProvider
{
    private readonly List<UsageEvent> _events = [];
    private readonly List<int> _places = [];
    private readonly List<RejectedResponse> _unreadable = [];

    public IReadOnlyList<UsageEvent> Events => _events;

    /// <summary>The place of each event in the delivery, from 0.</summary>
    public IReadOnlyList<int> Places => _places;

    public IReadOnlyList<RejectedResponse> Unreadable => _unreadable;

    private int Count => _events.Count + _unreadable.Count;

    public static async ValueTask<Delivery?> BindAsync(HttpContext context, ParameterInfo parameter) => (context.Request.ContentType?.Split(';')[0].Trim().ToLowerInvariant()) switch
    {
        DeliveryForms.Lines when MediaType.Is(context.Request, DeliveryForms.Lines) => LinesDelivery.Read(await RequestBytes.ReadAsync(context).ConfigureAwait(false)),
        DeliveryForms.Csv when MediaType.Is(context.Request, DeliveryForms.Csv) => CsvDelivery.Read(await RequestBytes.ReadAsync(context).ConfigureAwait(false)),
        DeliveryForms.CloudEvent or DeliveryForms.CloudEvents => CloudEventDelivery.Read(await JsonBody.ReadAsync(context, DeliveryForms.CloudEvent, DeliveryForms.CloudEvents).ConfigureAwait(false)),
        _ => JsonDelivery.Read(await JsonBody.ReadAsync(context, DeliveryForms.All).ConfigureAwait(false)),
    };

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder)
    {
        builder.Metadata.Add(new BodyType(typeof(DeliveryRequest)));
        foreach (var form in DeliveryForms.All.Skip(1))
        {
            builder.Metadata.Add(new BodyType(typeof(JsonElement), ContentType: form));
        }
    }

    /// <summary>Adds the next event of the delivery, or names what is wrong with it.</summary>
    /// <param name="read">Reads the event.</param>
    /// <param name="id">Its id, where that can be told of what cannot be read.</param>
    public void Add(Func<UsageEvent> read, string? id = null)
    {
        var place = Count;
        if (place >= Limits.EventsPerBatch)
        {
            throw new BillingException(BillingErrorCode.TooLarge, $"A delivery has at most {Limits.EventsPerBatch} events.");
        }

        try
        {
            _events.Add(read());
            _places.Add(place);
        }
        catch (BillingException refusal) when (refusal.Code is BillingErrorCode.Invalid)
        {
            _unreadable.Add(new RejectedResponse(place, id, Failure.Of(refusal).Code, refusal.Message));
        }
    }
}

/// <summary>The content types that events come in.</summary>
internal static class DeliveryForms
{
    public const string Json = "application/json";
    public const string Lines = "application/x-ndjson";
    public const string Csv = "text/csv";
    public const string CloudEvent = "application/cloudevents+json";
    public const string CloudEvents = "application/cloudevents-batch+json";

    public static string[] All { get; } = [Json, Lines, Csv, CloudEvent, CloudEvents];
}

/// <summary>One event, or many under <c>events</c>.</summary>
internal sealed record DeliveryRequest
{
    public System.Collections.Immutable.ImmutableArray<EventForm>? Events { get; init; }
}
