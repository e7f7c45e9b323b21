using System.Reflection;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace BillApis.AspNetCore;

/// <summary>The file of an upload: the body itself, or the file of a form; it is read by whoever keeps it.</summary>
/// <param name="Content">The file.</param>
/// <param name="File">How it is written, as far as that is known before it is read.</param>
/// <param name="Complete">The same, once it was read to its end: a form may say behind its file what the columns are.</param>
/// <param name="Wait">Whether to answer when all of it was read.</param>
internal sealed record ImportFile(Stream Content, UsageFile File, Func<CancellationToken, Task<UsageFile>> Complete, bool Wait) : IEndpointParameterMetadataProvider
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
            return new ImportFile(context.Request.Body, file, _ => Task.FromResult(file), query.Wait);
        }

        if (packing is not UsagePacking.None)
        {
            throw new HttpRefusal(Failure.ContentEncoding(context.Request.Headers.ContentEncoding));
        }

        var (reader, mapping) = (ReaderOf(context, type), (CsvMapping?)null);
        var section = await FormAsync(() => NextFileAsync(reader, part => mapping = Once(mapping, part), context.RequestAborted)).ConfigureAwait(false) ?? throw BillingException.Field("file", "is required");
        var sent = FileOf(section.Section.ContentType, section.FileName, query, query.ToLayout(mapping), packing) ?? throw Refused(section.Section.ContentType);
        return new ImportFile(section.FileStream!, sent, CompleteAsync, query.Wait);

        async Task<UsageFile> CompleteAsync(CancellationToken cancellationToken)
        {
            var another = await FormAsync(() => NextFileAsync(reader, part => mapping = Once(mapping, part), cancellationToken)).ConfigureAwait(false);
            return another is null ? sent with { Csv = query.ToLayout(mapping) } : throw BillingException.Field("file", "is there twice; an import is of one file");
        }
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder)
    {
        DeliveryForms.Describe(builder, typeof(ImportQuery));
        builder.Metadata.Add(new BodyType(typeof(ImportForm), ContentType: Form));
        builder.Metadata.Add(new StreamedBody());
    }

    private static MultipartReader ReaderOf(HttpContext context, MediaTypeHeaderValue type) =>
        HeaderUtilities.RemoveQuotes(type.Boundary).Value is { Length: > 0 } boundary ? new MultipartReader(boundary, context.Request.Body) : throw BillingException.Field("body", "must name the boundary of its parts");

    // Up to the next file, or to the end of the form.
    private static async Task<FileMultipartSection?> NextFileAsync(MultipartReader reader, Action<CsvMapping> mapped, CancellationToken cancellationToken)
    {
        while (await reader.ReadNextSectionAsync(cancellationToken).ConfigureAwait(false) is { } section)
        {
            if (section.AsFileSection() is { FileStream: not null } file)
            {
                return file;
            }

            if (section.AsFormDataSection() is { Name: MappingPart } part)
            {
                mapped(await ReadAsync(part.Section.Body, cancellationToken).ConfigureAwait(false));
            }
        }

        return null;
    }

    private static async Task<T> FormAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw BillingException.Field("body", "must be a form with a file");
        }
    }

    private static CsvMapping Once(CsvMapping? before, CsvMapping part) => before is null ? part : throw BillingException.Field(MappingPart, "is there twice");

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

/// <summary>A form with a file and, where it is CSV, what its columns are, in any order.</summary>
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
