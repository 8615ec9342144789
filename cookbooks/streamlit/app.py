"""Page of the document chat: ``streamlit run app.py``."""

from __future__ import annotations

import hashlib
from contextlib import closing

import streamlit as st

import knowledge
import service
import turns
from llmaas import LLMaaS, LLMaaSError
from llmaas.catalog import lifecycle_note
from llmaas.pricing import format_eur
from llmaas.text import visible
from llmaas_cli.format import format_kwh
from meter import Meter
from turns import Problem, Turn, plain, without_pictures

CARET = " ▌"
EXPLANATION = """\
Ask a question, with or without documents. With documents, the app finds the best passages
(embeddings, then rerank), and the answer cites them. Each answer shows its reasoning, tokens, cost
in EUR and energy."""
EXAMPLES = ["Why is the sky blue?", 'Say "Bonjour à tous"']


def main() -> None:
    """Draw the page. Streamlit runs this function after every interaction."""
    st.set_page_config(page_title="LLMaaS chat", page_icon="💬")
    meter = st.session_state.setdefault("meter", Meter())
    history: list[Turn] = st.session_state.setdefault("history", [])
    client = service.shared_client().with_options(hooks=[meter])
    with st.sidebar:
        model = pick_model()
        gauge = st.container()
    st.title("Chat over your documents")
    st.caption(service.who_answers())
    # In the page, not in the sidebar, which phones hide.
    with st.expander("Documents", icon=":material/description:", expanded=not history):
        shelves = take_documents(client)
    for turn in history:
        show(turn)
    # Disabled while an answer streams. The stop button ends the stream.
    written = st.chat_input("Ask something", submit_mode="disable", disabled=not model)
    example = None if history else pick_example(shelves)
    question = written or example
    if question and model:
        answer(client, Turn(question, model), shelves, history, meter)
    show_gauge(gauge, meter)


def pick_model() -> str | None:
    """Show the model picker and return the selection, or None if no model is available."""
    try:
        models = service.chat_models()
    except LLMaaSError as error:
        show_problem(Problem.of(error))
        return None
    chosen = st.selectbox("Model", models, format_func=service.label)
    if chosen is None:
        st.warning("The key may use no chat model.")
        return None
    st.caption(service.facts(chosen))
    if note := lifecycle_note(chosen.id):
        st.warning(note)
    return chosen.id


def pick_example(shelves: list[knowledge.Shelf]) -> str | None:
    """Show an explanation and example questions, and return the question that is clicked."""
    place = st.empty()
    questions = knowledge.EXAMPLES if shelves else EXAMPLES
    with place.container():
        st.markdown(EXPLANATION)
        with st.container(horizontal=True):
            clicked = [question for question in questions if st.button(plain(question))]
    if clicked:
        place.empty()
    return clicked[0] if clicked else None


def take_documents(client: LLMaaS) -> list[knowledge.Shelf]:
    """Show the upload field and embed each document once."""
    uploads = st.file_uploader("Upload", knowledge.TYPES, accept_multiple_files=True)
    files = [(upload.name, upload.getvalue()) for upload in uploads or []]
    if st.toggle("Use the demo's documents (52 pages, in English and French)"):
        files += knowledge.demo_files()
    library: dict[str, knowledge.Shelf] = st.session_state.setdefault("library", {})
    wanted = []
    for name, data in files:
        mark = hashlib.sha256(name.encode("utf-8", "replace") + data).hexdigest()
        try:
            if mark not in library:
                with st.spinner(plain(f"Reading {name} …")):
                    library[mark] = knowledge.shelve(client, knowledge.read(name, data))
        except knowledge.UnreadableError as error:
            st.warning(plain(f"{name}: {error}"))
        except LLMaaSError as error:
            show_problem(Problem.of(error))
        else:
            wanted.append(library[mark])
    if wanted:
        st.caption(f"{sum(len(shelf.passages) for shelf in wanted)} passages can be cited.")
    return wanted


def answer(
    client: LLMaaS,
    turn: Turn,
    shelves: list[knowledge.Shelf],
    history: list[Turn],
    meter: Meter,
) -> None:
    """Stream the answer to a question and always store the turn."""
    before, earlier = meter.copy(), list(history)
    history.append(turn)
    turn.stopped = True  # reset below; the stop button raises inside the try block
    try:
        st.chat_message("user").markdown(without_pictures(turn.question))
        with st.chat_message("assistant"):
            stop = st.empty()
            stop.button("Stop", icon=":material/stop_circle:", key=f"stop-{len(history)}")
            if shelves:
                with st.spinner("Searching the documents …"):
                    turn.sources = knowledge.find(client, turn.question, shelves)
            show_stream(client, turn, earlier)
            stop.empty()
        turn.stopped = False
    except LLMaaSError as error:
        turn.problem, turn.stopped = Problem.of(error), False
    finally:
        turn.spent = meter.since(before)
    st.rerun()  # redraws the finished turn


def show_stream(client: LLMaaS, turn: Turn, earlier: list[Turn]) -> None:
    """Draw reasoning and answer while they stream."""
    thought, text = st.empty(), st.empty()
    with closing(turns.stream(client, turn, earlier)) as growing:
        for _ in growing:
            if turn.answer:
                text.markdown(without_pictures(turn.answer) + CARET)
            elif turn.reasoning:
                thinking = thought.expander("Reasoning …", expanded=True)
                thinking.markdown(without_pictures(turn.reasoning))


def show(turn: Turn) -> None:
    """Draw a finished turn."""
    st.chat_message("user").markdown(without_pictures(turn.question))
    with st.chat_message("assistant"):
        if turn.reasoning:
            st.expander("Reasoning").markdown(without_pictures(turn.reasoning))
        st.markdown(without_pictures(turn.answer))
        if turn.empty_reason:
            st.warning(turn.empty_reason)
        if turn.stopped:
            st.caption(":material/stop_circle: Stopped. What came until then counts, estimated.")
        if turn.problem:
            show_problem(turn.problem)
        if turn.cited:
            show_sources(turn)
        if turn.spent:
            machine = f" · {plain(turn.machine)}" if turn.machine else ""
            st.caption(f"{turn.model} · {turn.spent}{machine}")


def show_sources(turn: Turn) -> None:
    """Draw the passages that the answer cites."""
    with st.expander(f"Sources ({len(turn.cited)})"):
        for source in turn.cited:
            passage = source.passage
            name, place = plain(passage.document), plain(passage.place)
            st.markdown(f"**[{source.number}] {name}** · {place}")
            st.text(visible(passage.text))


def show_problem(problem: Problem) -> None:
    """Draw an error and its fix."""
    hint = f"\n\n{plain(problem.hint)}" if problem.hint else ""
    reference = f"\n\nrequest id {plain(problem.request_id)}" if problem.request_id else ""
    st.error(f"**{problem.kind}**: {plain(problem.message)}{hint}{reference}")


def show_gauge(place: st.delta_generator.DeltaGenerator, meter: Meter) -> None:
    """Draw the usage totals of the session, including searches."""
    with place:
        st.subheader("This session")
        st.metric("Cost", format_eur(meter.micro_eur))
        left, right = st.columns(2)
        left.metric("Tokens in", f"{meter.tokens_in:,}")
        right.metric("Tokens out", f"{meter.tokens_out:,}")
        if meter.ranked:
            st.metric("Passages ranked", f"{meter.ranked:,}")
        st.metric("Energy (estimate)", format_kwh(meter.kwh))


main()
