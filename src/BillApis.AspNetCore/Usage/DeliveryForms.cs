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
    public static string Of(HttpRequest request) => All.FirstOrDefault(type => MediaType.Is(request, type)) ?? throw new HttpRefusal(Failure.MediaType(request.ContentType, string.Join(", ", All)));

    public static void Describe(EndpointBuilder builder)
    {
        builder.Metadata.Add(new BodyType(typeof(DeliveryRequest)));
        builder.Metadata.Add(new BodyType(typeof(EventForm), ContentType: Lines));
        builder.Metadata.Add(new BodyType(typeof(string), ContentType: Csv));
        builder.Metadata.Add(new BodyType(typeof(CloudEventForm), ContentType: CloudEvent));
        builder.Metadata.Add(new BodyType(typeof(CloudEventForm[]), ContentType: CloudEvents));
        builder.Metadata.Add(new QueryType(typeof(CsvQuery)));
    }
}
