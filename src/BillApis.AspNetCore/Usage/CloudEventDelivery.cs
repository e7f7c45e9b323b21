using System.Text.Json;
using System.Text.Json.Serialization;
using BillApis.Metering;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>Events in the CloudEvents 1.0 JSON format, one or a batch: the subject is the customer, the data are the properties.</summary>
internal static class CloudEventDelivery
{
    public static Delivery Read(JsonElement body)
    {
        var delivery = new Delivery();
        if (body.ValueKind is JsonValueKind.Array)
        {
            foreach (var item in body.EnumerateArray())
            {
                delivery.Add(() => ReadEvent(item), EventForm.IdOf(item));
            }
        }
        else
        {
            var only = ReadEvent(body);
            delivery.Add(() => only);
        }

        return delivery;
    }

    private static UsageEvent ReadEvent(JsonElement json)
    {
        var form = JsonContract.Read<CloudEventForm>(json);
        return new UsageEvent
        {
            Id = form.Id,
            Type = form.Type,
            Customer = form.Subject,
            Timestamp = form.Time,
            Properties = form.Data ?? UsageProperties.None,
            SubscriptionId = form.SubscriptionId,
            Source = form.Source,
        };
    }
}

internal sealed record CloudEventForm
{
    [JsonPropertyName("specversion")]
    public required string SpecVersion { get; init; }
    public required string Id { get; init; }
    public required string Source { get; init; }
    public required string Type { get; init; }
    public required string Subject { get; init; }
    public Instant? Time { get; init; }
    public UsageProperties? Data { get; init; }

    [JsonPropertyName("datacontenttype")]
    public string? DataContentType { get; init; }

    [JsonPropertyName("dataschema")]
    public string? DataSchema { get; init; }

    [JsonPropertyName("subscriptionid")]
    public SubscriptionId? SubscriptionId { get; init; }
}
