const room = document.getElementById("room"), text = document.getElementById("text");
let socket;

function join() {
  document.cookie = `room=${room.value}; path=/`;
  socket?.close();
  socket = new WebSocket(`${location.origin.replace("http", "ws")}/chat`);
  socket.onmessage = (message) => {
    const line = document.createElement("li");
    line.textContent = message.data;
    document.getElementById("log").append(line);
  };
}

room.addEventListener("change", join);
document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  socket.send(text.value);
  text.value = "";
});
join();
