using System.Text.Json;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>The content types that events come in.</summary>
internal static class DeliveryForms
{
    public const string Json = "application/json";
    public const string Lines = "application/x-ndjson";
    public const string Csv = "text/csv";
    public const string CloudEvent = "application/cloudevents+json";
    public const string CloudEvents = "application/cloudevents-batch+json";

    public static string[] All { get; } = [Json, Lines, Csv, CloudEvent, CloudEvents];

    /// <summary>The content type of a request, in the spelling above.</summary>
    /// <exception cref="HttpRefusal">It is none of them, or not in UTF-8.</exception>
    public static string Of(HttpRequest request) => Find(request.ContentType) ?? throw new HttpRefusal(Failure.MediaType(request.ContentType, string.Join(", ", All)));

    /// <summary>A content type in the spelling above; null where it is none of them, or not in UTF-8.</summary>
    public static string? Find(string? contentType) => All.FirstOrDefault(type => MediaType.Is(contentType, type));

    public static void Describe(EndpointBuilder builder, Type query)
    {
        builder.Metadata.Add(new BodyType(typeof(DeliveryRequest)));
        builder.Metadata.Add(new BodyType(typeof(EventForm), ContentType: Lines));
        builder.Metadata.Add(new BodyType(typeof(string), ContentType: Csv));
        builder.Metadata.Add(new BodyType(typeof(CloudEventForm), ContentType: CloudEvent));
        builder.Metadata.Add(new BodyType(typeof(CloudEventForm[]), ContentType: CloudEvents));
        builder.Metadata.Add(new QueryType(query));
    }
}
