using System.Reflection;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace BillApis.AspNetCore;

/// <summary>The file of an upload: the body itself, or the first file of a form; it is read by whoever keeps it.</summary>
internal sealed record ImportFile(Stream Content, UsageFile File, bool Wait) : IEndpointParameterMetadataProvider
{
    private const string Form = "multipart/form-data";
    private const string MappingPart = "mapping";
    private const int MostMappingBytes = 64 * 1024;
    private const string Gzip = "application/gzip";

    public static async ValueTask<ImportFile?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var (query, packing) = (Query<ImportQuery>.Of(context), ContentCoding.Of(context.Request));
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || type.MediaType != Form)
        {
            var file = FileOf(context.Request.ContentType, null, query, query.ToLayout(), packing) ?? throw Refused(context.Request.ContentType);
            return new ImportFile(context.Request.Body, file, query.Wait);
        }

        if (packing is not UsagePacking.None)
        {
            throw new HttpRefusal(Failure.ContentEncoding(context.Request.Headers.ContentEncoding));
        }

        var (section, mapping) = await FileSectionAsync(context, type).ConfigureAwait(false);
        var sent = FileOf(section.Section.ContentType, section.FileName, query, query.ToLayout(mapping), packing) ?? throw Refused(section.Section.ContentType);
        return new ImportFile(section.FileStream!, sent, query.Wait);
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder)
    {
        DeliveryForms.Describe(builder, typeof(ImportQuery));
        builder.Metadata.Add(new BodyType(typeof(ImportForm), ContentType: Form));
        builder.Metadata.Add(new StreamedBody());
    }

    // What stands before the file; what comes behind it is not read any more.
    private static async Task<(FileMultipartSection File, CsvMapping? Mapping)> FileSectionAsync(HttpContext context, MediaTypeHeaderValue type)
    {
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        if (string.IsNullOrEmpty(boundary))
        {
            throw BillingException.Field("body", "must name the boundary of its parts");
        }

        try
        {
            var (reader, mapping) = (new MultipartReader(boundary, context.Request.Body), (CsvMapping?)null);
            while (await reader.ReadNextSectionAsync(context.RequestAborted).ConfigureAwait(false) is { } section)
            {
                if (section.AsFileSection() is { FileStream: not null } file)
                {
                    return (file, mapping);
                }

                mapping = section.AsFormDataSection() is { Name: MappingPart } part ? await ReadAsync(part.Section.Body, context.RequestAborted).ConfigureAwait(false) : mapping;
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw BillingException.Field("body", "must be a form with a file");
        }

        throw BillingException.Field("file", "is required");
    }

    private static async Task<CsvMapping> ReadAsync(Stream part, CancellationToken cancellationToken)
    {
        var bytes = new byte[MostMappingBytes + 1];
        var length = await part.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return length <= MostMappingBytes && JsonBody.TryParse(bytes.AsMemory(0, length)) is { } json
            ? JsonContract.Read<CsvMapping>(json)
            : throw BillingException.Field(MappingPart, $"must be a JSON object of at most {MostMappingBytes} bytes");
    }

    // The type of the content says how it is written; where it says nothing, the file's name or the query does.
    private static UsageFile? FileOf(string? contentType, string? fileName, ImportQuery query, CsvLayout layout, UsagePacking packing)
    {
        var name = (fileName ?? "").Trim('"').ToLowerInvariant();
        packing = name.EndsWith(".gz", StringComparison.Ordinal) || contentType == Gzip ? UsagePacking.Gzip : name.EndsWith(".br", StringComparison.Ordinal) ? UsagePacking.Brotli : packing;
        name = Path.GetExtension(name is [.., '.', 'g', 'z'] or [.., '.', 'b', 'r'] ? name[..^3] : name);
        return (query.Format ?? FormatOf(contentType) ?? FormatOfName(name)) is { } format ? new UsageFile { Format = format, Packing = packing, Csv = layout } : null;
    }

    private static UsageFormat? FormatOf(string? contentType) => DeliveryForms.Find(contentType) switch
    {
        DeliveryForms.Json => UsageFormat.Json,
        DeliveryForms.Lines => UsageFormat.JsonLines,
        DeliveryForms.Csv => UsageFormat.Csv,
        DeliveryForms.CloudEvent or DeliveryForms.CloudEvents => UsageFormat.CloudEvents,
        _ => null,
    };

    private static UsageFormat? FormatOfName(string extension) => extension switch
    {
        ".json" => UsageFormat.Json,
        ".ndjson" or ".jsonl" => UsageFormat.JsonLines,
        ".csv" => UsageFormat.Csv,
        _ => null,
    };

    private static HttpRefusal Refused(string? contentType) => new(Failure.MediaType(contentType, $"{string.Join(", ", DeliveryForms.All)}, or {Form} with a file; or name the format in the query"));
}

/// <summary>A form with a file, and before it what its columns are, where it is CSV.</summary>
internal sealed record ImportForm
{
    public CsvMapping? Mapping { get; init; }
    public required string File { get; init; }
}

internal sealed record ImportQuery : CsvQuery
{
    /// <summary>How the file is written, where its content type and its name do not say.</summary>
    public UsageFormat? Format { get; init; }

    /// <summary>Whether to answer when all of it was read.</summary>
    public bool Wait { get; init; }
}
