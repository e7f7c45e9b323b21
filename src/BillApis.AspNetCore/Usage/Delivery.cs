using System.Reflection;
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

    public static async ValueTask<Delivery?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var layout = context.Request.Query.Count == 0 ? new CsvLayout() : Query<CsvQuery>.Of(context).ToLayout();
        var body = await RequestBytes.UnpackAsync(context).ConfigureAwait(false);
        var form = body.IsEmpty ? DeliveryForms.Json : DeliveryForms.Of(context.Request);
        if (form.EndsWith("json", StringComparison.Ordinal) && form is not DeliveryForms.Lines)
        {
            EchoedInput.Keep(context, body);
        }

        var delivery = new Delivery();
        delivery.Read(form, body.IsEmpty ? "{}"u8 : body.Span, layout);
        return delivery;
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => DeliveryForms.Describe(builder, typeof(CsvQuery));

    private void Add(ReadEvent read)
    {
        var place = _events.Count + _unreadable.Count;
        if (place >= Limits.EventsPerBatch)
        {
            throw new BillingException(BillingErrorCode.TooLarge, $"A delivery has at most {Limits.EventsPerBatch} events.");
        }

        if (read.Event is { } item)
        {
            _events.Add(item);
            _places.Add(place);
        }
        else
        {
            var (field, problem) = read.Errors[0];
            var refusal = Failure.Of(BillingException.Field(field, problem));
            _unreadable.Add(new RejectedResponse(place, read.Id, refusal.Code, refusal.Message, field));
        }
    }

    private void Read(string form, ReadOnlySpan<byte> body, CsvLayout layout)
    {
        var draft = new EventDraft();
        switch (form)
        {
            case DeliveryForms.Json:
                JsonEvents.ReadBody(body, EventJson.Read, draft, Add);
                break;
            case DeliveryForms.CloudEvent:
                JsonEvents.ReadSingle(body, CloudEventJson.Read, draft, Add);
                break;
            case DeliveryForms.CloudEvents:
                JsonEvents.ReadArray(body, CloudEventJson.Read, draft, Add);
                break;
            case DeliveryForms.Lines:
                TextEvents.ReadLines(body, draft, Add);
                break;
            default:
                TextEvents.ReadCsv(body, layout, draft, Add);
                break;
        }
    }
}
