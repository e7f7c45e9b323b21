using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BillApis.AspNetCore;

/// <summary>Wraps what the handlers return; they know nothing of the envelope.</summary>
internal sealed class EnvelopeFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        await RefuseBodyAsync(context.HttpContext).ConfigureAwait(false);
        var result = await next(context).ConfigureAwait(false);
        if (result is FileResult or PushStreamHttpResult)
        {
            return result;
        }

        var status = (result as IStatusCodeHttpResult)?.StatusCode ?? StatusCodes.Status200OK;
        return new Wrapped(status, result is IValueHttpResult typed ? typed.Value : result);
    }

    // What is sent to an endpoint that takes no body would be ignored in silence, as if it had been done.
    private static async Task RefuseBodyAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !context.Request.RouteValues.ContainsKey(Unknown.Parameter) && context.GetEndpoint()?.Metadata.GetMetadata<BodyType>() is null)
        {
            JsonContract.Read<NoFields>(await JsonBody.ReadAsync(context).ConfigureAwait(false));
        }
    }

    private sealed record NoFields;

    private sealed class Wrapped(int status, object? payload) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => Envelope.SucceedAsync(httpContext, status, payload);
    }
}
