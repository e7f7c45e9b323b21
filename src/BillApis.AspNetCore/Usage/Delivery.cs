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
    private readonly List<long> _lines = [];
    private readonly List<(ReadEvent Read, int Place)> _unreadable = [];
    private CsvHeader? _header;

    public IReadOnlyList<UsageEvent> Events => _events;

    /// <summary>The place of each event in the delivery, from 0.</summary>
    public IReadOnlyList<int> Places => _places;

    public IEnumerable<RejectedResponse> Unreadable => _unreadable.Select(item =>
        Refusal(item.Place, item.Read.Line, item.Read.Id, BillingException.Field(item.Read.Errors[0].Field, item.Read.Errors[0].Message), item.Read.Errors[0].Field));

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

    /// <summary>What is said of an event that was read and is not stored.</summary>
    public RejectedResponse Refusal(int index, string? id, BillingException refusal, string field) => Refusal(_places[index], _lines.Count > 0 ? _lines[index] : 0, id, refusal, field);

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
            if (read.Line > 0)
            {
                _lines.Add(read.Line);
            }
        }
        else
        {
            _unreadable.Add((read, place));
        }
    }

    private RejectedResponse Refusal(int place, long line, string? id, BillingException refusal, string field) =>
        new(place, id, Failure.Of(refusal).Code, refusal.Message, field, line > 0 ? line : null, _header?.ColumnOf(field));

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
                _header = TextEvents.ReadCsv(body, layout, draft, Add);
                break;
        }
    }
}
